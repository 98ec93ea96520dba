"""bench/floods runs as one command and prints what it says: with next to no load here, because other tests run beside it."""
import json
import subprocess
import unittest

from world import ROOT


class Floods(unittest.TestCase):
    def floods(self, *words):
        return subprocess.run([ROOT / 'bench/floods', *words], capture_output=True, text=True, timeout=600, check=False)

    def test_every_flood_has_its_figures(self):
        done = self.floods('--gently', '--json', '--only', 'T20,T23,T25')  # T19 goes the way of T20
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        out = json.loads(done.stdout)
        self.assertTrue(all(isinstance(value, (int, float, str)) for value in out.values()), 'flat')
        for flood in ('T20_libsodium', 'T20_libsodium_con', 'T20_auto', 'T23_auto'):
            self.assertGreater(out[f'{flood}_attack_per_s'], 0.1 * out[f'{flood}_attack_wanted_per_s'], flood)
            for figure in ('answered', 'heartbeats', 'added_p99_ms', 'kernel_dropped', 'unaccounted', 'others_share', 'verdict'):
                self.assertIn(f'{flood}_{figure}', out)
            self.assertLess(out[f'{flood}_unaccounted'], 50, 'at such a rate each datagram reaches the server, within a tenth of a second')
        self.assertGreater(out['T20_libsodium_refused_bad_signature'], 0)
        self.assertGreater(out['T20_libsodium_moved_with_echo'], 0)
        self.assertEqual(out['T20_libsodium_backend'], 'libsodium')
        self.assertGreaterEqual(out['T25_libsodium_back_to_normal_s'], 0)

    def test_only_and_strict(self):
        done = self.floods('--gently', '--only', 'T23', '--strict')
        self.assertEqual(done.returncode, 1, 'what was not judged is not held')
        self.assertIn('T23 ', done.stdout)
        self.assertNotIn('T19', done.stdout)
        self.assertIn('by the kernel at the socket', done.stdout)
        self.assertEqual(self.floods('--only', 'T99').returncode, 2)


if __name__ == '__main__':
    unittest.main()
