"""./run as a user meets it: two verified flights, the address of the map, and nothing left when it ends, however it ends."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

from world import ROOT, free_port


def processes():
    """Command lines of all processes by id."""
    out = {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                out[int(entry.name)] = (entry / 'cmdline').read_bytes().decode(errors='replace').replace('\0', ' ')
            except OSError:
                pass
    return out


def descendants(pid):
    found, parents = {pid}, {}
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1])
            except OSError:
                pass
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


class Run(unittest.TestCase):
    def start(self, *options):
        """Starts ./run with its temporary folders in a place of its own and waits for the address."""
        self.temporary = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='run-')))
        self.child = subprocess.Popen(['./run', *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      env={**os.environ, 'TMPDIR': str(self.temporary)}, start_new_session=True)
        self.addCleanup(self._end)
        self.lines = []
        for line in self.child.stdout:
            self.lines.append(line)
            address = re.search(r'^\s*(http://127\.0\.0\.1:\d+/)\s*$', line)
            if address:
                return address[1]
        self.fail('./run ended before it printed the address:\n' + ''.join(self.lines))

    def _end(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.stdout.close()
        self.child.wait()

    def finish(self, seconds=15):
        """Waits for the end; everything started must be gone, the temporary folder empty."""
        output = self.child.communicate(timeout=seconds)[0]
        self.assertEqual({pid: processes()[pid] for pid in self.started if pid in processes()}, {})
        self.assertEqual(list(self.temporary.iterdir()), [])
        return output

    def note_started(self):
        self.started = descendants(self.child.pid)
        self.assertEqual(len(self.started), 5, 'Knot, Unbound, nridd and two gateways')

    def test_two_verified_flights_and_ctrl_c(self):
        began = time.monotonic()
        address = self.start()
        self.assertLess(time.monotonic() - began, 20, 'built before, it must be quick')
        self.note_started()
        with urllib.request.urlopen(address + 'api/flights', timeout=5) as answer:
            features = json.load(answer)['features']
        self.assertEqual([feature['properties']['trust'] for feature in features], ['verified', 'verified'])
        with urllib.request.urlopen(address, timeout=5) as answer:
            self.assertIn('text/html', answer.headers['Content-Type'])
        self.assertGreaterEqual(sum(line.startswith('✓') for line in self.lines), 5)
        os.killpg(self.child.pid, signal.SIGINT)  # what a terminal sends to everybody in the foreground
        self.finish()
        self.assertEqual(self.child.returncode, 0)

    def test_sigterm_and_a_port_of_ones_own(self):
        port = free_port()
        self.assertEqual(self.start('--port', str(port)), f'http://127.0.0.1:{port}/')
        self.note_started()
        self.child.send_signal(signal.SIGTERM)
        self.finish()
        self.assertEqual(self.child.returncode, 0)

    def test_a_part_that_dies_ends_everything_and_is_named(self):
        self.start('--port', str(free_port()))
        self.note_started()
        victim = next(pid for pid in self.started if 'apps/nridd' in processes()[pid])
        os.kill(victim, signal.SIGKILL)
        output = self.finish()
        self.assertEqual(self.child.returncode, 1)
        self.assertIn('nridd ended', output)
        self.assertIn('event=ready', output, 'its last log lines are shown')

    def test_killed_without_a_chance_it_still_leaves_no_process(self):
        self.start('--port', str(free_port()))
        self.note_started()
        self.child.kill()
        until = time.monotonic() + 10
        while time.monotonic() < until and any(pid in processes() for pid in self.started):
            time.sleep(0.1)
        self.assertEqual({pid: processes()[pid] for pid in self.started if pid in processes()}, {})

    def test_an_occupied_port_is_one_line(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            done = subprocess.run(['./run', '--port', port], cwd=ROOT, capture_output=True, text=True, timeout=60,
                                  check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(port, done.stderr)

    def test_a_port_that_is_none_is_one_line(self):
        for port in ('0', '70000'):
            done = subprocess.run(['./run', '--port', port], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn('65535', done.stderr)

    def test_it_ends_by_itself_when_told(self):
        self.start('--port', str(free_port()), '--seconds', '1')
        self.note_started()
        self.finish()
        self.assertEqual(self.child.returncode, 0)


if __name__ == '__main__':
    unittest.main()
