"""200 seeds of ten simulated minutes, every law at every step; and that a seed is a run: equal seeds, equal octets."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / 'build/tests/simulate'
SEEDS, BLOCK = 200, 10


def simulate(*words):
    return subprocess.run([PROGRAM, *map(str, words)], text=True, capture_output=True, timeout=600, cwd=ROOT)


class Seeds(unittest.TestCase):
    """One test per block of seeds, added below; all blocks run at once, as many as there are cores."""

    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            cls.ran = dict(zip(range(0, SEEDS, BLOCK), pool.map(lambda first: simulate('--seeds', first, BLOCK, '--shrink'), range(0, SEEDS, BLOCK))))

    def check(self, first):
        ran = self.ran[first]
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn(f'{BLOCK} seeds, 0 broke a law', ran.stdout)

    def test_equal_seeds_are_equal_runs(self):
        prints = [re.search(r'fingerprint (\w+)', simulate('--seed', seed, '--summary').stdout)[1] for seed in (3, 3, 4, 20, 20)]
        self.assertEqual(prints[0], prints[1])
        self.assertEqual(prints[3], prints[4], 'real signatures')
        self.assertNotEqual(prints[0], prints[2])

    def test_the_seeds_show_something(self):
        """Runs in which nobody flies, nothing goes wrong and nothing is refused would hold every law."""
        text = ''.join(simulate('--seed', seed, '--summary').stdout for seed in range(40))
        for wanted in ('operation_lost', 'operation_recovered', 'operation_ended', 'operation_moved', 'late_position', 'journal_failed',
                       'duplicate', 'parked_total', 'refused bad_signature', 'refused not_owner', 'refused expired', 'refused wrong_sp'):
            self.assertRegex(text, rf'(?m)^  {wanted} [1-9]')


def add_test(first):
    setattr(Seeds, f'test_seeds_{first:03}_to_{first + BLOCK - 1:03}', lambda self: self.check(first))


for each in range(0, SEEDS, BLOCK):
    add_test(each)

if __name__ == '__main__':
    unittest.main()
