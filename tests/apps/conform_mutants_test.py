"""nrid-conform finds what is wrong: gateways with one planted fault each. The right cases fail, and no other.

All cases run against every one of them; they are compiled and judged side by side, because both mostly wait.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

from world import BUILD, program

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from mutants import Fault, build_mutant  # noqa: E402

# fault, and the cases that must fail
GATEWAYS = {
    'five tries': (Fault('nrid/gateway.cc', '  if (tries_.left >= 0) return send_last(coap::Type::con, now);', '  if (tries_.left >= -1) return send_last(coap::Type::con, now);'),
                   'C-071Ga'),
    'one Message-ID for all': (Fault('nrid/gateway_send.cc', 'message_id_++', 'message_id_'), 'C-028G'),
    'redirect without an endorsement': (Fault('nrid/gateway_redirect.cc', '  if (!verdict.ok()) return refused(', '  if (false) return refused('), 'C-091Ga C-091Gd'),
    'M is not watched': (Fault('nrid/gateway.cc', '    if (now.tick < heard_ + timers_.heartbeat_timeout) return;', '    return;'),
                         'C-064Ga C-064Gb C-064Gc C-064Gd C-064Ge C-080G C-082Ga C-082Gb'),
    'older Heartbeats accepted': (Fault('nrid/client.cc', '  if (claims.iat < expected.iat_newest) return Error::stale_word;\n', ''), 'C-064Gd'),
    'no null Self-ID': (Fault('nrid/aircraft.cc', '  if (wanted(rid::MessageType::self_id)) add(', '  if (wanted(rid::MessageType::self_id) && !identity_.self_id.empty()) add('),
                        'C-059G'),
}
COMPILERS = max(2, os.cpu_count() or 2)
RUNS = 3  # at once: they wait more than they work


def run_cases(report, role, mutant, cases=()):
    """The cases that fail, with what was seen."""
    option = '--server' if role == 'sp' else '--gateway'
    chosen = [word for case in cases for word in ('--case', case)]
    done = subprocess.run([program('nrid-conform'), '--self', '--role', role, option, mutant, '--quiet', '--junit', report, *chosen], capture_output=True,
                          text=True, timeout=300, check=False)
    if not report.exists():
        raise RuntimeError(done.stderr[-500:])
    failed = {case.get('name'): case.find('failure') for case in xml.parse(report).getroot().iter('testcase')}
    return {name: failure.get('message') for name, failure in failed.items() if failure is not None}


def failed_cases(folder, name, role, mutant):
    """All cases, then those that failed once more by themselves: a planted fault is there every time, a busy machine is not."""
    stem = name.replace(' ', '-')
    first = run_cases(folder / f'{stem}.xml', role, mutant)
    return run_cases(folder / f'{stem}-again.xml', role, mutant, sorted(first)) if first else {}


class Mutants(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        compilers = concurrent.futures.ThreadPoolExecutor(COMPILERS)
        runs = concurrent.futures.ThreadPoolExecutor(RUNS)
        cls.addClassCleanup(compilers.shutdown)
        cls.addClassCleanup(runs.shutdown)

        def judge(role, name, built):
            return failed_cases(cls.folder, name, role, built.result())
        cls.found = {}
        for role, target, table in (('gateway', 'apps/nrid-gateway', GATEWAYS),):
            for name, (fault, _) in table.items():
                built = compilers.submit(build_mutant, target, fault, cls.folder / name.replace(' ', '-'), BUILD)
                cls.found[name] = runs.submit(judge, role, name, built)

    def judge(self, table):
        for name, (_, expected) in table.items():
            with self.subTest(name):
                found = self.found[name].result()
                self.assertEqual(sorted(found), sorted(expected.split()), found)

    def test_gateways(self):
        self.judge(GATEWAYS)


if __name__ == '__main__':
    unittest.main()
