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
                                    'judged_[i]->outer_verified = true;\n    if (true) continue;'), 'C-028q C-029a C-029i C-047b'),
    'Wrapper not checked': (Fault('nrid/journey.cc', '    if (jobs_[i].good) continue;\n    judged_[i]->fate = Fate::refused;\n    judged_[i]->error = Error::wrapper_signature;',
                                  ''), 'C-028q C-054j C-055a'),
    'another det_sp accepted': (Fault('nrid/journey.cc', '  if (config_->identity(item.sp()) == nullptr) return', '  if (false) return'), 'C-047a C-051'),
    'expired token accepted': (Fault('cwt/claims.cc', '  if (now >= at_second(claims.exp) + policy.skew) return Error::expired;\n', ''),
                               'C-043b C-044a C-045b C-047a'),
    'copies count': (Fault('nrid/duplicates.cc', '  return keyed_.of(input);', '  static uint64_t fresh = 0;\n  ++fresh;\n  std::memcpy(input.data() + 16, &fresh, 8);\n  return keyed_.of(input);'),
                     'C-023a C-023b C-045a'),
    'address moves on an older packet': (Fault('nrid/return_path.cc', '  if (current_ && !newer) {', '  if (false) {'), 'C-022c'),
    'no timed Heartbeat': (Fault('nrid/shard_heartbeat.cc', '  tell_peers(op, PeerNews::Kind::still_here);\n  const bool sent = send_to_newest(op, *cwt, now);\n  send_to_previous(op, *cwt, now);',
                                 '  const bool sent = false;\n  return;'),
                           'C-022a C-022b C-022c C-027e C-029c C-029d C-029f C-029g C-029h C-057 C-062 C-062b C-063d C-064a C-072 C-076 C-080 C-084a C-084b '
                           'C-090a C-090b C-090d C-093b C-094c C-103a'),
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
    'what stands beside a Manifest counts': (Fault('nrid/journey_pack.cc', '  item.ua = evidence.ua;\n  item.verdict = Verdict::verified;',
                                                   '  for (size_t i = 0; !item.auth.wrapper && i < item.pack.count; ++i) {\n'
                                                   '    if (rid::type_of(item.pack.message(i)) != rid::MessageType::authentication) item.messages[item.message_count++] = copy_of(item.pack.message(i));\n'
                                                   '  }\n  item.ua = evidence.ua;\n  item.verdict = Verdict::verified;'), 'C-054h C-054i'),
    'any Echo value believed': (Fault('nrid/echo.cc', '    if (difference == 0) return true;', '    return true;'), 'C-029g C-029h'),
    'no Echo value believed': (Fault('nrid/echo.cc', '    if (difference == 0) return true;', ''), 'C-029f'),
    'speaks under its first key alone': (Fault('nrid/config.cc', 'return one != nullptr ? *one : identities.front();', 'return identities.front();'), 'C-051b C-064a'),
    'settings are read once': (Fault('apps/server/provider.cc', '  server_->reload(config_of(setup, next->identities[0].signer));', ''), 'C-051b C-051c C-062b C-064a'),
    'no redirect': (Fault('nrid/shard_redirect.cc', '  if (table_->peers.empty()) return false;', '  return false;'),
                    'C-060b C-075 C-090a C-090b C-090c C-090d C-091a C-093a C-093b C-094a C-094c C-094d'),
    'redirect to nobody': (Fault('nrid/peer_file.cc', '  out.new_sp = sp;', '  out.new_sp = sp;\n  out.new_sp.octets[15] ^= 1;'), 'C-094a'),
    'redirect with a broken endorsement': (Fault('nrid/peer_file.cc', '  out.endorsement = endorsement;',
                                                 '  static thread_local std::array<uint8_t, det::kEndorsementSize> broken;\n  broken = endorsement;\n'
                                                 '  broken[100] ^= 1;\n  out.endorsement = broken;'), 'C-091a'),
    'a moment over the border is enough': (Fault('nrid/redirect.cc', 'const bool waits = choice.reason == RedirectReason::region && flight.flying;', 'const bool waits = false;'),
                                           'C-094b'),
    'redirects again and again': (Fault('nrid/shard_redirect.cc', '  op.shunned = op.redirect.target;\n  op.shunned_until = now.tick + kShunned;\n'
                                        '  op.held_until = now.tick + parts_.setup.redirect.hold_down;\n', ''), 'C-094c'),
    'a full peer is sent to': (Fault('nrid/redirect.cc', 'if (static_cast<double>(load->taken() + 1) >', 'if (false && static_cast<double>(load->taken() + 1) >'), 'C-094d'),
    'who moved is not taken back': (Fault('nrid/shard.cc', 'const bool back = op->state == OperationState::moved && report.iat > op->newest_iat;', 'const bool back = false;'),
                                    'C-093b'),
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
    'IPv4 before IPv6': (Fault('det/resolver.cc', 'for (const auto* list : {&aaaa_, &a_}) {', 'for (const auto* list : {&a_, &aaaa_}) {'), 'C-007Gb'),
    'A asked for first': (Fault('det/resolver.cc', '  ask(RrType::aaaa, "AAAA record");\n  ask(RrType::a, "A record");', '  ask(RrType::a, "A record");\n  ask(RrType::aaaa, "AAAA record");'),
                          'C-007Gc'),
    'an Echo value for good': (Fault('nrid/gateway_send.cc', '  echo_.clear();  // a request that', '  // a request that'), 'C-029G'),
    'relays anybody': (Fault('nrid/live_source.cc', '  if (evidence.ua != ua()) return Error::wrong_ua;\n', ''), 'C-055G C-056Gb'),
    'relayed packs are touched': (Fault('nrid/live_source.cc', 'one.pack.pack.assign(octets.begin(), octets.end());', 'one.pack.pack.assign(octets.begin(), octets.end());\n  one.pack.pack[0] ^= 1;'),
                                  'C-056Gb C-056Ge'),
    'C2 in the name of the aircraft': (Fault('nrid/aircraft.cc', 'rid::WrapperForm::extended, wrapped_by_, signer_', 'rid::WrapperForm::extended, identity_.det, signer_'), 'C-055G C-056Gc'),
    'C2 without a name': (Fault('nrid/aircraft.cc', 'const bool named = form_ != PackForm::aircraft;', 'const bool named = false;'), 'C-056Gc C-056Gd'),
    'four ends and no more': (Fault('nrid/gateway.cc', '  if (end_patient_ && now.tick', '  if (false && now.tick'), 'C-101Gf'),
    'ends without a pause': (Fault('nrid/gateway.cc', 'tries_.next = now.tick + timers_.end_slow;', 'tries_.next = now.tick + timers_.try_interval;'), 'C-101Gf'),
}
COMPILERS = max(2, os.cpu_count() or 2)
RUNS = 5  # at once: they wait more than they work
SLOW = {'C-101Gf'}
MUTANTS = BUILD / 'mutants/conform'  # one place for each, so that the compiler cache knows them again


def run_cases(report, role, mutant, cases=(), slow=False):
    """The cases that fail, with what was seen."""
    option = '--server' if role == 'sp' else '--gateway'
    chosen = [word for case in cases for word in ('--case', case)]
    quick = [] if chosen or slow else ['--quick']
    done = subprocess.run([program('nrid-conform'), '--self', '--role', role, option, mutant, '--quiet', *quick, '--junit', report, *chosen], capture_output=True,
                          text=True, timeout=300, check=False)
    if not report.exists():
        raise RuntimeError(done.stderr[-500:])
    failed = {case.get('name'): case.find('failure') for case in xml.parse(report).getroot().iter('testcase')}
    return {name: failure.get('message') for name, failure in failed.items() if failure is not None}


def failed_cases(folder, name, role, mutant, slow):
    """All cases, the slow ones only where one of them is to fail; then those that failed once more by themselves: a planted
    fault is there every time, a busy machine is not."""
    stem = name.replace(' ', '-')
    first = run_cases(folder / f'{stem}.xml', role, mutant, slow=slow)
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

        def judge(role, name, built, slow):
            mutant = built.result()
            found = failed_cases(cls.folder, name, role, mutant, slow)
            mutant.unlink()
            return found
        cls.found = {}
        for role, target, table in (('sp', 'apps/nridd', SERVERS), ('gateway', 'apps/nrid-gateway', GATEWAYS)):
            for name, (fault, expected) in table.items():
                built = compilers.submit(build_mutant, target, fault, MUTANTS / name.replace(' ', '-'), BUILD)
                cls.found[name] = runs.submit(judge, role, name, built, bool(SLOW & set(expected.split())))

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
