"""What bench/floods measures with: a server on this machine, nrid-load against it, and what the kernel counts of both."""
import json
import pathlib
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'packaging'))

from demo.programs import conserved, read_metrics  # noqa: E402
from demo.stage import BUILD, ROOT, Failure, Stage, free_port  # noqa: E402

__all__ = ['BUILD', 'ROOT', 'Failure', 'Site', 'Stage', 'others', 'softnet_drops', 'worker_s']

PROBES = 0.25  # of the messages are confirmable, so that each of them is answered and timed


class Waits:
    """How long the busiest worker of a server was ready to run and had no core, by time: the kernel counts it for each thread."""

    def __init__(self, pid):
        self.tasks = [task for task in pathlib.Path(f'/proc/{pid}/task').iterdir() if (task / 'comm').read_text().startswith('worker')]
        self.samples, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.over.wait(0.1):
            try:
                rows = [(task / 'schedstat').read_text().split() for task in self.tasks]
            except OSError:
                return  # the server ended
            self.samples.append((time.time(), max(int(row[1]) for row in rows) / 1e9))

    def share(self, step):
        """Of a step."""
        during = [waited for at, waited in self.samples if step['began_s'] <= at <= step['began_s'] + step['seconds']]
        return (during[-1] - during[0]) / step['seconds'] if during else 0

    def stop(self):
        self.over.set()
        self.thread.join()


class Site:
    """A server with one back end, and nrid-load against it."""

    def __init__(self, stage, name, backend):
        self.stage, self.name, self.http = stage, name, free_port()
        self.folder = stage.work / name
        ports = {'--port': free_port(), '--schc-port': free_port(), '--http-port': self.http, '--dns-port': free_port()}
        self._load('--make', self.folder, *[word for pair in ports.items() for word in pair])
        with open(self.folder / 'nridd.toml', 'a', encoding='utf-8') as settings:
            settings.write(f'[verify]\nbackend = "{backend}"\n')
        self.part = stage.start(f'{name}-nridd', [BUILD / 'apps/nridd', '--config', self.folder / 'nridd.toml'])
        stage.wait_for('nridd is ready', lambda: 'event=ready' in self.part.text())
        self.backend = re.search(r'verifier=(\w+)', self.part.text()).group(1)
        self.waits = Waits(self.part.process.pid)

    def _load(self, *words):
        part = self.stage.start(f'{self.name}-load', [BUILD / 'apps/nrid-load', *words])
        self.stage.parts.remove(part)
        try:
            if part.wait(900) == 2:
                raise Failure(f'nrid-load could not run:\n{part.tail()}')
        finally:
            part.stop()

    def steps(self, *words):
        results = self.folder / 'result.json'
        self._load(self.folder, '--quiet', '--start-rate', '1500', '--probes', str(PROBES), '--json', results, *map(str, words))
        self.stage.check()
        values = lambda: read_metrics(f'http://127.0.0.1:{self.http}/')  # noqa: E731
        self.stage.wait_for('every datagram has one outcome', lambda: conserved(values()))
        out = json.loads(results.read_text())['steps']
        if any(step['server'] is None for step in out):
            raise Failure('/metrics did not answer within a second: the server says nothing of this step')
        return out

    def stop(self):
        self.waits.stop()
        self.stage.stop(self.part)


def worker_s(step):
    """Processor seconds of the one thread that judges: of the two ports' workers, the busy one."""
    return max(cpu for thread, cpu in step['server']['thread_cpu_s'].items() if thread.startswith('worker'))


def others(step):
    """Share of this machine that neither server nor generator used."""
    all_s = step['machine_cores'] * step['seconds']
    return max(0, step['machine_busy_cpu_s'] - step['own_cpu_s'] - step['server']['thread_cpu_s']['process']) / all_s


def softnet_drops():
    """Packets that this machine's cores dropped before any socket, all since boot."""
    rows = pathlib.Path('/proc/net/softnet_stat').read_text().splitlines()
    return sum(int(row.split()[1], 16) for row in rows)
