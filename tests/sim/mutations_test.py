"""Laws that never break prove nothing: every fault of mutations.json is planted into the program alone, and some seed must
find it, by a law that fits. A fault that nobody finds is a failed test."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests'))
from mutants import Fault, build_mutant  # noqa: E402  pylint: disable=wrong-import-position

TABLE = json.loads((pathlib.Path(__file__).parent / 'mutations.json').read_text())
SEEDS_MAX = 60                           # a fault that so many seeds do not show is not found
FOLDER = ROOT / 'build/mutants'          # one place for each, so that the compiler cache knows them again


def word_of(row):
    return re.sub(r'\W+', '_', row['name'])


def plant_and_run(row):
    program = build_mutant('tests/simulate', Fault(row['source'], row['find'], row['replace']), FOLDER / word_of(row))
    ran = subprocess.run([program, '--seeds', '1', str(SEEDS_MAX), '--until', row['law']], text=True, capture_output=True, timeout=300)
    program.unlink()
    return ran


class Mutations(unittest.TestCase):
    """One test per planted fault, added below; all are built and run at once, as many as there are cores."""

    @classmethod
    def setUpClass(cls):
        pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2)
        cls.runs = {row['name']: pool.submit(plant_and_run, row) for row in TABLE}

    def find(self, row):
        ran = self.runs[row['name']].result()
        broken = re.findall(r'^seed (\d+) broke (\S+)', ran.stdout, re.MULTILINE)
        self.assertTrue(any(re.fullmatch(row['law'], law) for _, law in broken),
                        f'{SEEDS_MAX} seeds and no {row["law"]}; broken: {broken[:5]}, exit status {ran.returncode} {ran.stderr[-300:]}')


for each in TABLE:
    setattr(Mutations, 'test_' + word_of(each), lambda self, row=each: self.find(row))

if __name__ == '__main__':
    unittest.main()
