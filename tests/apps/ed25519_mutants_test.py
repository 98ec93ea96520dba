"""The comparison of Ed25519 back ends with libsodium finds each of these slips; without one it finds nothing."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from mutants import Fault, ROOT, build_mutant  # noqa: E402

PROGRAM = 'tests/base/ed25519_equal'
INPUTS = 20_000
SCALAR, CACHE = 'base/ed25519/scalar.cc', 'base/ed25519/key_cache.cc'
FAULTS = {
    'S >= L is taken': Fault(SCALAR, 'return take_from(k.w, kL, 4) != 0;', 'return k.w[3] >> 61 == 0;'),
    'points of small order are taken': Fault(SCALAR, '(y.w[3] & kTop) == bad[3]) return true;', '(y.w[3] & kTop) == bad[3]) return false;'),
    'the hash is not reduced to the end': Fault(SCALAR, 'for (int round = 0; round < 4; ++round) {', 'for (int round = 0; round < 1; ++round) {'),
    'a digit loses its sign': Fault(SCALAR, 'digits[i] = static_cast<int16_t>(static_cast<int64_t>(digit & mask) -',
                                    'digits[i] = static_cast<int16_t>(static_cast<int64_t>(digit & mask) + 0 *'),
    'the table of another key': Fault(CACHE, 'slots_[slots[i]].key != *keys[i]) slots[i]', 'slots_[slots[i]].key == *keys[i]) slots[i]'),
}


def vector_instructions():
    flags = pathlib.Path('/proc/cpuinfo').read_text()
    return ' avx2 ' in flags and ' fma ' in flags


@unittest.skipUnless(vector_instructions(), 'the processor has no vector back end')
class Mutants(unittest.TestCase):
    def differences(self, program):
        """None: the program did not even start to compare, because its self-test failed."""
        done = subprocess.run([program, str(INPUTS)], capture_output=True, text=True, timeout=240, check=False)
        return done.returncode, 'differs' in done.stdout or 'verifier_unfit' in done.stderr

    def test_without_a_fault_there_is_no_difference(self):
        self.assertEqual((0, False), self.differences(ROOT / 'build' / PROGRAM))

    def test_every_fault_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, fault in FAULTS.items():
                with self.subTest(name):
                    status, found = self.differences(build_mutant(PROGRAM, fault, pathlib.Path(folder) / 'mutant'))
                    self.assertTrue(found, f'exit status {status}')


if __name__ == '__main__':
    unittest.main()
