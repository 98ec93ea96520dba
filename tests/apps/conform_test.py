"""nrid-conform as a person uses it: --self, lists, mistakes in a profile, and what a machine reads of a run."""
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

from world import ROOT, WorldTest, free_port, program

NOT_RUN = {'C-052b', 'C-056e'}  # the other half of a choice that the settings of --self make


def conform(*words, seconds=60):
    return subprocess.run([program('nrid-conform'), *map(str, words)], capture_output=True, text=True, timeout=seconds, check=False)


class Self(unittest.TestCase):
    """One run of everything against our own server and gateway."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.done = conform('--self', '--junit', cls.folder / 'run.xml', '--evidence', cls.folder / 'evidence', seconds=300)

    def test_every_case_passes(self):
        self.assertEqual(self.done.returncode, 0, '\n'.join(line for line in self.done.stdout.splitlines() if ' pass ' not in line)[:6000] + self.done.stderr)
        verdicts = {line.split()[0]: line.split()[2] for line in self.done.stdout.splitlines() if line.startswith('C-')}
        self.assertGreater(len(verdicts), 150)
        self.assertEqual({id for id, verdict in verdicts.items() if verdict != 'pass'}, NOT_RUN)

    def test_junit_agrees_with_the_table(self):
        suite = xml.parse(self.folder / 'run.xml').getroot()
        passed = [case for case in suite.iter('testcase') if case.find('failure') is None and case.find('skipped') is None]
        self.assertEqual(len(list(suite.iter('testcase'))), int(suite.get('tests')))
        self.assertIn(f'\n{len(passed)} passed, {suite.get("failures")} failed, {suite.get("skipped")} not run\n', self.done.stdout)

    def test_evidence_is_what_nrid_show_reads(self):
        for name in ('C-020-sp', 'C-027a-sp', 'C-050G-gateway'):
            lines = [line for line in (self.folder / 'evidence' / f'{name}.txt').read_text().splitlines() if re.search(r' (plain|schc up|schc down)  [0-9a-f]+$', line)]
            self.assertGreaterEqual(len(lines), 2, name)
            for line in lines:
                way, octets = line.split()[-2:]
                how = [] if way == 'plain' else ['--schc', '--direction', way]
                shown = subprocess.run([program('nrid'), 'show', octets, *how], capture_output=True, text=True, check=False)
                self.assertEqual(shown.returncode, 0, line + shown.stdout)


class Foreign(WorldTest):
    """A provider that the tool did not start: real DNS, the draft's own timers, and fewer identities than cases."""

    flights = 6

    def rest(self):
        self.addCleanup(time.sleep, 4)  # the end of a flight may be dated ahead, and nothing but a newer token begins another

    def test_a_provider_is_judged_by_its_address(self):
        self.rest()
        chosen = ['C-020', 'C-023a', 'C-028', 'C-040b', 'C-043d', 'C-047', 'C-052', 'C-056', 'C-063a', 'C-100', 'C-102b']
        done = conform('sp', '--address', '127.0.0.1', '--port', self.server.plain, '--schc-port', self.server.schc, '--identities', self.world.registry.folder,
                       *(word for id in chosen for word in ('--case', id)), seconds=120)
        verdicts = {line.split()[0]: line.split()[2] for line in done.stdout.splitlines() if line.startswith('C-')}
        self.assertEqual({id for id, verdict in verdicts.items() if verdict != 'pass'}, {'C-052a', 'C-056e'}, done.stdout[-4000:] + done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_what_it_cannot_see_there_is_not_run_and_not_passed(self):
        done = conform('sp', '--address', '127.0.0.1', '--port', self.server.plain, '--schc-port', self.server.schc, '--identities', self.world.registry.folder,
                       '--case', 'C-003', '--case', 'C-021')
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn('needs an identity "mismatch"', done.stdout)
        self.assertIn('no case could be run', done.stderr)

    def judge(self, *words, profile=''):
        self.rest()
        file = self.world.stage.work / 'profile.toml'
        file.write_text(profile)
        return conform('sp', '--address', '127.0.0.1', '--port', self.server.plain, '--schc-port', self.server.schc, '--identities', self.world.registry.folder,
                       '--profile', file, *words)

    def test_redirects_and_hooks_that_nobody_described_are_not_run(self):
        done = self.judge('--case', 'C-075', '--case', 'C-062b', '--case', 'C-029f', '--case', 'C-094d')
        self.assertEqual(done.returncode, 2, done.stdout)
        for id, reason in {'C-075': 'peers.dets and peers.place', 'C-062b': 'needs the command hooks.retime', 'C-029f': 'implementation.echo is off',
                           'C-094d': 'peers.narrow_place'}.items():
            self.assertRegex(done.stdout, rf'{id} .* not run .*{reason}')

    def test_a_hook_is_a_command_and_what_it_did_is_taken_back(self):
        marks = self.world.stage.work / 'marks'
        hooks = f'[hooks]\nretime = "echo retime >> {marks}; false"\nrestore = "echo restore >> {marks}"\n'
        done = self.judge('--case', 'C-062b', profile=hooks)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('`hook retime`: hooks.retime failed', done.stdout)
        self.assertEqual(marks.read_text().split(), ['retime', 'restore'])

    def test_a_provider_that_sends_nobody_away_fails_where_the_profile_says_that_it_should(self):
        peers = f'[peers]\ndets = ["{self.world.det("gw1")}"]\nplace = "49.5,8.54"\n'
        done = self.judge('--case', 'C-075', profile=peers)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('a redirect was due', done.stdout)


class Lists(unittest.TestCase):
    def test_each_case_is_explained_and_what_cannot_be_judged_says_why(self):
        listed = conform('--list').stdout.splitlines()
        self.assertGreater(sum(line.startswith('C-') for line in listed), 150)
        for line in listed:
            self.assertRegex(line, r'^(C-\d{3}G?[a-z]? +(sp|gateway) +\S.{15,}|R-\d{3} +not observable: \S.{15,})$')

    def test_requirements_are_those_of_the_standards_page(self):
        told = {line.split()[0] for line in conform('--requirements').stdout.splitlines()}
        known = set(re.findall(r'^\| (R-\d{3}) ', (ROOT / 'docs/standards.md').read_text(), re.MULTILINE))
        self.assertEqual(told, known)

    def test_steps_are_shown_when_asked_for(self):
        self.assertIn('expect notice at=b', conform('--list', '--steps', '--case', 'C-022a').stdout)


class Mistakes(unittest.TestCase):
    def refused(self, *words):
        done = conform(*words)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count('\n'), 1, done.stderr)
        return done.stderr

    def test_our_own_programs_or_anothers_but_not_both(self):
        for words in (['--self', 'sp', '--address', '127.0.0.1', '--identities', '/tmp'], ['--role', 'sp'], ['--server', '/nosuch/nridd']):
            self.assertIn('one of the two', self.refused(*words))

    def test_a_gateway_that_never_ran_passes_nothing(self):
        done = conform('gateway', '--gateway-command', '/nosuch/gateway {config}', '--case', 'C-003G', '--case', 'C-006Ga', '--case', 'C-008G', '--quiet')
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertNotIn(' pass ', done.stdout)
        self.assertIn('could not be run', done.stdout)

    def test_a_profile_names_file_line_value_and_range(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'profile.toml'
            file.write_text('[timers]\n\nheartbeat = 0.2\n')
            told = self.refused('--self', '--profile', file)
            for part in (f'{file}:3', 'timers.heartbeat', '0.2', '1..60'):
                self.assertIn(part, told)

    def test_a_provider_that_does_not_answer_is_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            spec = ('{"entities": [{"name": "raa", "type": "raa", "raa": 16376, "hda": 0, "parent": "raa"}, {"name": "hda", "type": "hda", "hda": 10, "parent": "raa"},'
                    ' {"name": "sp", "type": "sp", "parent": "hda"}, {"name": "ua1", "type": "ua", "parent": "hda"}, {"name": "gw1", "type": "gcs", "parent": "hda"},'
                    ' {"name": "ua2", "type": "ua", "parent": "hda"}, {"name": "gw2", "type": "gcs", "parent": "hda"}]}')
            subprocess.run([program('nrid'), 'zone', 'make', '--spec', spec, '--out', folder], check=True, capture_output=True)
            told = self.refused('sp', '--address', '127.0.0.1', '--port', free_port(), '--schc-port', free_port(), '--identities', folder)
            self.assertIn('nothing answers at 127.0.0.1', told)

    def test_a_gateway_without_a_command_for_live_sources_is_not_judged_by_them(self):
        done = conform('gateway', '--gateway-command', 'false', '--case', 'C-056Gb', '--case', 'C-005Gb')
        self.assertEqual(done.returncode, 2, done.stdout)
        for id, option in (('C-056Gb', '--live-command'), ('C-005Gb', '--setup-command')):
            self.assertRegex(done.stdout, rf'{id} .* not run .*needs {option}')

    def test_quick_leaves_out_what_is_slow(self):
        self.assertIn('no case could be run', self.refused('--self', '--quick', '--role', 'gateway', '--case', 'C-101Gf'))

    def test_a_server_that_cannot_start_says_why(self):
        self.assertIn('/bin/false ended at once', self.refused('--self', '--role', 'sp', '--server', '/bin/false'))


class Interrupted(unittest.TestCase):
    def test_ctrl_c_leaves_nothing_behind(self):
        tool = subprocess.Popen([program('nrid-conform'), '--self', '--quiet'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(tool.kill)
        time.sleep(4)
        listed = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(tool.pid)], capture_output=True, text=True, check=False)
        children = [int(pid) for pid in listed.stdout.split()]
        self.assertTrue(children, 'a server and gateways run')
        tool.send_signal(signal.SIGINT)
        _, told = tool.communicate(timeout=30)
        self.assertEqual(tool.returncode, 2)
        self.assertIn('interrupted', told)
        for pid in children:
            self.assertFalse(pathlib.Path(f'/proc/{pid}').exists(), pid)


if __name__ == '__main__':
    unittest.main()
