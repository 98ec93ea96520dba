"""nrid-conform finds what is wrong: servers and gateways with one planted fault each. The right cases fail, and no other.

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
SERVERS = {
    'signature not checked': (Fault('nrid/journey.cc', 'judged_[i]->outer_verified = jobs_[i].good;\n    if (jobs_[i].good) continue;',
                                    'judged_[i]->outer_verified = true;\n    if (true) continue;'), 'C-028q C-029a C-047b'),
    'Wrapper not checked': (Fault('nrid/journey.cc', '    if (jobs_[i].good) continue;\n    judged_[i]->fate = Fate::refused;\n    judged_[i]->error = Error::wrapper_signature;',
                                  ''), 'C-028q C-055a'),
    'another det_sp accepted': (Fault('nrid/journey.cc', '  if (config_->identity(item.sp()) == nullptr) return', '  if (false) return'), 'C-047a C-051'),
    'expired token accepted': (Fault('cwt/claims.cc', '  if (now >= at_second(claims.exp) + policy.skew) return Error::expired;\n', ''),
                               'C-043b C-044a C-045b C-047a'),
    'copies count': (Fault('nrid/duplicates.cc', '  return keyed_.of(input);', '  static uint64_t fresh = 0;\n  ++fresh;\n  std::memcpy(input.data() + 16, &fresh, 8);\n  return keyed_.of(input);'),
                     'C-023a C-023b C-045a'),
    'address moves on an older packet': (Fault('nrid/return_path.cc', '  if (current_ && !newer) {', '  if (false) {'), 'C-022c'),
    'no timed Heartbeat': (Fault('nrid/shard_heartbeat.cc', '  tell_peers(op, PeerNews::Kind::still_here);\n  const bool sent = send_to_paths(op, *cwt, now);',
                                 '  const bool sent = false;\n  return;'),
                           'C-022a C-022b C-022c C-027e C-029c C-029d C-057 C-062 C-063d C-072 C-076 C-080 C-084a C-084b C-103a'),
    'Heartbeat about the gateway': (Fault('nrid/shard_heartbeat.cc', 'auto cwt = make_uss_cwt(from, {report.ua, expected, move}', 'auto cwt = make_uss_cwt(from, {report.gateway, expected, move}'),
                                    'C-042b C-056b C-056c C-061c'),
    'an end is answered once': (Fault('nrid/shard.cc', '  answer_end(report, op, now);\n  schedule(*op);', '  if (op->silent != 99) answer_end(report, op, now);\n  op->silent = 99;\n  schedule(*op);'),
                                'C-102b'),
    'NON in flight answered': (Fault('nrid/shard.cc', '  } else if (report.request.confirmable()) {\n    answer(report, op, {});',
                                     '  } else {\n    answer(report, op, {report.request.confirmable() ? coap::kChanged : uint8_t{0x45}, {}, 0});'), 'C-063b C-076'),
    'critical options ignored': (Fault('nrid/frame.cc', '      if (critical(number)) return Error::coap_option;\n', ''), 'C-028c'),
    'SCHC sniffed on the plain port': (Fault('nrid/frame.cc', '  if (transport == Transport::schc) {\n    const auto opened', '  if (transport == Transport::schc || octets[0] >> 6 != 1) {\n    const auto opened'),
                                       'C-027b'),
    'no memory of Message-IDs': (Fault('nrid/con_replies.cc', '  stored.known = true;', '  stored.known = false;'), 'C-028b'),
    'four copies to an address that is not proven': (Fault('nrid/shard_heartbeat.cc', '  path.sent += octets.size();\n  outbox_.add(path.to, octets);',
                                                           '  path.sent += octets.size();\n  const int copies = path.proven || path.received > 250 ? 1 : 4;\n'
                                                           '  for (int i = 0; i < copies; ++i) outbox_.add(path.to, octets);'), 'C-029b'),
    'anybody speaks for anybody': (Fault('nrid/journey_pack.cc', 'return parts_.shared.owners.may_speak(item.token.kid, item.ua) ? Error::none : Error::not_owner;', 'return Error::none;'),
                                   'C-056d C-103a'),
}
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
        for role, target, table in (('sp', 'apps/nridd', SERVERS), ('gateway', 'apps/nrid-gateway', GATEWAYS)):
            for name, (fault, _) in table.items():
                built = compilers.submit(build_mutant, target, fault, cls.folder / name.replace(' ', '-'), BUILD)
                cls.found[name] = runs.submit(judge, role, name, built)

    def judge(self, table):
        for name, (_, expected) in table.items():
            with self.subTest(name):
                found = self.found[name].result()
                self.assertEqual(sorted(found), sorted(expected.split()), found)

    def test_servers(self):
        self.judge(SERVERS)

    def test_gateways(self):
        self.judge(GATEWAYS)


if __name__ == '__main__':
    unittest.main()
