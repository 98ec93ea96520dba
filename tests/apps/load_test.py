"""nrid-load against a real nridd, at a load that any machine carries: the two commands of docs/load.md, plain and SCHC, and
what attackers send beside it."""
import json
import pathlib
import subprocess
import unittest
import xml.etree.ElementTree as xml

from world import ROOT, conserved, free_port, program
from demo.programs import read_metrics
from demo.stage import Stage


def load(*words, seconds=120):
    return subprocess.run([program('nrid-load'), *map(str, words)], capture_output=True, text=True, timeout=seconds, check=False)


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = Stage(ROOT / 'build/log/apps' / 'load')
        cls.addClassCleanup(cls.stage.close)
        cls.folder = cls.stage.work / 'bench'
        cls.http = free_port()
        made = load('--make', cls.folder, '--port', free_port(), '--schc-port', free_port(), '--http-port', cls.http, '--dns-port', free_port())
        assert made.returncode == 0, made.stderr
        cls.commands = made.stdout.splitlines()
        cls.part = cls.stage.start('nridd', [program('nridd'), '--config', cls.folder / 'nridd.toml'])
        cls.stage.wait_for('nridd is ready', lambda: 'event=ready' in cls.part.text())

    def run_load(self, *words, seconds=4):
        results = self.stage.work / 'results.json'
        done = load(self.folder, '--aircraft', 40, '--seconds', seconds, '--json', results, *words)
        self.assertIn(done.returncode, (0, 1), done.stderr)  # a busy machine may bend the curve even here
        values = read_metrics(f'http://127.0.0.1:{self.http}/')
        if not conserved(values):
            self.stage.wait_for('the counters to come to rest', lambda: conserved(read_metrics(f'http://127.0.0.1:{self.http}/')))
        return done, json.loads(results.read_text())

    def test_it_says_the_two_commands(self):
        self.assertEqual(self.commands, [f'nridd --config {self.folder}/nridd.toml &', f'nrid-load {self.folder}'])

    def test_steps_are_answered_and_drawn(self):
        plot = self.stage.work / 'plot.svg'
        _, result = self.run_load('--rate', '50,100', '--plot', plot)
        self.assertEqual([step['offered_per_s'] for step in result['steps']], [50, 100])
        for step in result['steps']:
            self.assertEqual(step['scheduled'], step['offered_per_s'] * 4)
            self.assertGreater(step['answered_share'], 0.9, step)
            self.assertGreater(step['server']['accepted'], 0.9 * step['sent'])
            self.assertEqual(step['server']['refused'], {})
            self.assertGreater(step['server']['thread_cpu_s']['worker-0'], 0)
            self.assertEqual(step['heartbeats_bad'], 0)
        self.assertGreater(sum(step['heartbeats_verified'] for step in result['steps']), 0)
        self.assertEqual(len([e for e in xml.parse(plot).iter() if e.tag.endswith('circle')]), 10)

    def test_schc_signed_live_with_loss(self):
        _, result = self.run_load('--rate', '60', '--schc', '--live', '--poisson', '--loss', '0.2', '--probes', '1')
        step = result['steps'][0]
        self.assertGreater(step['lost_on_purpose'], 10)
        self.assertGreater(step['answers_lost'], 10)
        self.assertGreater(step['answered_share'], 0.9, 'what is lost on purpose is no fault of the server')

    def test_forgeries_are_refused_beside_the_load(self):
        _, result = self.run_load('--rate', '50', '--forge-random', '40', '--forge-active', '40', '--junk', '40')
        step = result['steps'][0]
        for kind in ('forged_unknown', 'forged_active', 'junk'):
            self.assertGreater(step[kind], 50, step)
        self.assertGreater(step['server']['refused']['bad_signature'], 50)
        self.assertGreater(step['answered_share'], 0.9, step)

    def test_a_calm_step_comes_first_and_aircraft_that_move_are_back(self):
        _, result = self.run_load('--rate', '50,50', '--calm-first', '--forge-active', '40', '--forge-con', '--rebind', 4, seconds=8)
        calm, step = result['steps']
        self.assertEqual(calm['forged_active'], 0)
        self.assertGreater(step['forged_active'], 100)
        for moved in (calm['rebound'], step['rebound']):
            for kind in ('with_echo', 'without_echo'):
                self.assertGreater(moved[kind]['moves'], 0)
                self.assertEqual(moved[kind]['back'], moved[kind]['moves'], 'without load nobody waits')
        self.assertEqual(sum(asked for asked, _ in step['by_second']), step['probes'])
        self.assertLessEqual(sum(prompt for _, prompt in step['by_second']), step['probes_answered'])

    def test_after_an_outage_and_a_storm_it_says_how_long_it_took(self):
        _, result = self.run_load('--rate', '50', '--storm', '1')
        step = result['steps'][0]
        self.assertLess(step['scheduled'], 200, 'in the outage nothing is said')
        self.assertGreaterEqual(step['back_to_normal_s'], 0)
        self.assertNotIn('not_yet_valid', step['server']['refused'])

    def test_mistakes_have_one_sentence(self):
        for words, sentence in (([], '--make FOLDER'), ([self.folder, '--rate', 'fast'], 'rate "fast"'), ([self.folder, '--address', '192.0.2.1'], '--allow-remote'),
                                ([self.folder, '--address', 'here'], 'no IPv4 or IPv6 literal'), ([pathlib.Path('/nowhere')], '/nowhere/load.json'),
                                ([self.folder, '--storm', '50', '--seconds', '60'], '--storm 50.0: at most half of a step'), ([self.folder, '--start-rate', 'nan'], 'nan not in range'),
                                (['--make', self.stage.work / 'twice', '--port', 5683, '--schc-port', 5683], '--port 5683, --schc-port 5683'),
                                ([self.folder, '--json', '/nowhere/out.json'], '/nowhere/out.json: no file can be made there')):
            done = load(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(sentence, done.stderr)


if __name__ == '__main__':
    unittest.main()
