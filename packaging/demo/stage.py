"""A stage: some processes on loopback, one temporary folder, one folder of logs; leaving it leaves nothing behind.

Every part is its own process group, stopped by id in reverse order, and dies with us even when we are killed (parent
death signal). A part that ends by itself is noticed by check() and by every wait, and reported with its last log lines.
"""
import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('NRID_BUILD', ROOT / 'build'))  # another build folder for the tests
STOP_SECONDS = 3
_PR_SET_PDEATHSIG = 1
# All that is asked here is on loopback; a proxy that the machine's user needs for packages knows nothing of it.
os.environ['no_proxy'] = os.environ['NO_PROXY'] = '127.0.0.1,localhost'
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """One sentence for the user: what failed and what was seen last."""


def free_port(kinds=(socket.SOCK_STREAM, socket.SOCK_DGRAM)):
    """A port that is free for all these socket kinds, below the range from which the system gives ports to clients."""
    for _ in range(200):
        port = random.randrange(12000, 32000)
        with contextlib.ExitStack() as stack:
            try:
                for kind in kinds:
                    probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
                    probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    raise Failure('no free port on 127.0.0.1')


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Part:
    """One running process and its log."""

    def __init__(self, name, argv, log, env=None):
        self.name = name
        self.log = log
        with open(log, 'ab') as out:
            self._start = out.tell()
            self.process = subprocess.Popen([str(part) for part in argv], stdout=out, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, start_new_session=True,
                                            preexec_fn=_die_with_parent, env={**os.environ, **(env or {})})

    def running(self):
        return self.process.poll() is None

    def text(self):
        """What this process has written so far."""
        with open(self.log, 'rb') as log:
            log.seek(self._start)
            return log.read().decode(errors='replace')

    def tail(self, lines=8):
        return '\n'.join('    | ' + line for line in self.text().splitlines()[-lines:]) or '    | (no output)'

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def stop(self, number=signal.SIGTERM, seconds=STOP_SECONDS):
        """Ends the whole group and returns the exit status; what ignores the signal is killed."""
        if self.running():
            self.send(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.send(signal.SIGKILL)
        return self.process.wait()

    def wait(self, seconds):
        """Exit status of a process that ends by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name} still runs after {seconds} s; its last lines:\n{self.tail()}') from None


class Stage:
    """Context manager over parts. `work` is the temporary folder, `logs` stays."""

    def __init__(self, logs):
        self.logs = pathlib.Path(logs)
        self.logs.mkdir(parents=True, exist_ok=True)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix='nrid-'))
        self.parts = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self, name, argv, env=None):
        part = Part(name, argv, self.logs / f'{name}.log', env)
        self.parts.append(part)
        return part

    def stop(self, part, number=signal.SIGTERM):
        self.parts.remove(part)
        return part.stop(number)

    def check(self):
        for part in self.parts:
            if not part.running():
                raise Failure(f'{part.name} ended with status {part.process.returncode}; its last lines:\n{part.tail()}')

    def wait_for(self, what, condition, seconds=15, every=0.05):
        """Polls until condition() is true and returns what it returned; a part that dies meanwhile ends the wait."""
        until = time.monotonic() + seconds
        while True:
            answer = condition()
            if answer:
                return answer
            self.check()
            if time.monotonic() > until:
                raise Failure(f'{what}: not within {seconds} s')
            time.sleep(every)

    def close(self):
        for part in reversed(self.parts):  # one after the other: a gateway still ends its operation with the server
            part.stop()
        self.parts.clear()
        shutil.rmtree(self.work, ignore_errors=True)
