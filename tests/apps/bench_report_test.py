"""bench/report measures what it says: every figure that it names is there, and they agree with each other."""
import json
import subprocess
import sys
import unittest

from world import ROOT

sys.path.insert(0, str(ROOT / 'bench'))
import server_profile  # noqa: E402


class Report(unittest.TestCase):
    def test_its_figures_are_there_and_agree(self):
        done = subprocess.run([ROOT / 'bench/report', '--quick', '--json'], capture_output=True, text=True, timeout=900, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        out = json.loads(done.stdout)
        self.assertEqual(out['aircraft'], 4096)
        self.assertGreater(out['server_share_libsodium'], 0.3)
        vector = [name for name in out if name.startswith('verify_ratio_')]
        print('vector back ends measured:', ', '.join(vector) or 'none, this processor has none')
        for name in vector:
            self.assertIn(name.replace('verify_ratio', 'server_ratio'), out)
        if vector:
            self.assertGreater(out['server_ratio_unknown'], 1)
            self.assertGreater(out['server_ratio_known'], 1)
        for kind in ('non', 'con'):
            self.assertGreater(out[f'coap_ns_libcoap_{kind}'], 0)
            self.assertGreater(out[f'coap_all_ns_unknown_{kind}'], out[f'coap_worker_ns_unknown_{kind}'], 'all threads, the worker among them')
            self.assertGreater(out[f'coap_ratio_unknown_{kind}'], 1, 'two signatures are more than none')
        for name in ('visible', 'visible_left', 'heartbeat_late'):
            self.assertLessEqual(out[f'{name}_p50_ms'], out[f'{name}_p99_ms'])
            self.assertGreater(out[f'{name}_max_ms'], 0)
        self.assertGreaterEqual(out['visible_max_ms'], out['visible_left_max_ms'], 'none leaves before its time')
        self.assertGreater(out['heartbeat_count'], 0)
        self.assertGreaterEqual(out['heartbeat_late_p50_ms'], 0, 'a timer is never early')
        for name in ('unsigned', 'signed'):  # two of each flight, but for those due in the last moment
            self.assertGreater(out[f'late_heartbeats_{name}'], 1.8 * out[f'late_flights_{name}'])
        self.assertGreater(out['flight_octets'], out['flight_sizeof_operation'])
        self.assertGreater(out['flight_heap_octets_old'], out['flight_heap_octets'])
        for name in ('keys_restore_s', 'keys_write_us', 'keys_lookup_ns'):
            self.assertGreater(out[name], 0)
        self.assertTrue(all(isinstance(value, (int, float)) for value in out.values()), 'flat')

    def test_a_profile_names_functions(self):
        self.assertEqual(server_profile.name_of('nrid::ed25519::sum_known<nrid::ed25519::(anonymous namespace)::V8>', '/x/server_bench'), 'ed25519::sum_known')
        self.assertEqual(server_profile.name_of('nrid::Result<nrid::coap::Message>::operator->', '/x/server_bench'), 'Result::operator->')
        self.assertEqual(server_profile.name_of('_copy_to_iter', '[kernel.kallsyms]'), 'the kernel')
        self.assertEqual(server_profile.name_of('[unknown]', '/usr/lib/libsodium.so.23.3.0'), 'libsodium, no name')
        if server_profile.why_not():
            self.skipTest(server_profile.why_not())
        done = subprocess.run([ROOT / 'bench/report', '--quick', '--profile'], capture_output=True, text=True, timeout=900, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        for title in ('the worker, unknown keys', 'the shard'):
            self.assertIn(f'| {title}: top 10 of ', done.stdout)
        self.assertIn('| the kernel | ', done.stdout)


if __name__ == '__main__':
    unittest.main()
