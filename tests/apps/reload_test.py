"""SIGHUP: nridd reads its settings again while a flight goes on: all of it or nothing, one log line, nothing restarted."""
import json
import re
import signal
import socket
import subprocess
import time
import unittest

from settings_test import SERVER, replaced
from world import WorldTest, peer, program

SP_OTHER = 'gw2'  # another entity of the registry, found in DNS: the identity that we turn to


class Reload(WorldTest):
    flights = 2

    def setUp(self):
        self.good = self.server.config.read_text()
        self.addCleanup(self.server.config.write_text, self.good)

    def reload(self, text):
        """Its log line about this reload."""
        def lines():
            return re.findall(r'event=reload(?:ed|_refused).*', self.server.part.text())
        before = len(lines())
        self.server.config.write_text(text)
        self.server.part.process.send_signal(signal.SIGHUP)
        self.world.wait_for('the reload is logged', lambda: len(lines()) > before, 30)
        self.assertEqual(len(lines()), before + 1)
        return lines()[-1]

    def exchange(self, sp, ua='ua1', latitude=473900000):
        """A confirmable report of the foreign peer to this provider: code and payload of the ACK."""
        return self.send(self.report(sp, ua, latitude))

    def report(self, sp, ua, latitude):
        return peer('report', sp=self.world.det(sp), ua=self.world.det(ua), uaSeed=self.world.registry.seed(ua), kid=self.world.det(ua),
                    kidSeed=self.world.registry.seed(ua), latitude=latitude, longitude=85400000)

    def send(self, report):
        self.message_id = getattr(self, 'message_id', 100) + 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect(('127.0.0.1', self.server.plain))
            sock.send(bytes([0x43, 0x02]) + self.message_id.to_bytes(2, 'big') + b'tok\xb4nrid\x11\x3d\xff' + bytes.fromhex(report['cwt']))
            answer = sock.recv(2048)
            while answer[1] < 0x40:  # an empty ACK, whose answer comes apart, or a timed Heartbeat before that
                answer = sock.recv(2048)
        return answer[1], answer.split(b'\xff', 1)[1] if b'\xff' in answer else b''

    def assert_word_of(self, sp, payload):
        token = peer('read', cwt=payload.hex(), key=self.world.registry.entity(sp)['hi'])
        self.assertTrue(token['verified'])
        self.assertEqual(token['kid'], self.world.det(sp))

    def test_1_a_bad_file_is_refused_whole_and_the_old_one_stays(self):
        before = self.server.get('healthz')
        for name, change, words in SERVER:
            with self.subTest(name):
                # a setting that would shut everybody out stands beside the wrong one: half of a file must not be taken
                line = self.reload(change(self.good).replace('[policy]\n', '[policy]\naccept_hids = ["1/1"]\n'))
                self.assertIn('event=reload_refused', line)
                for word in words:
                    self.assertIn(word, line.replace('\\"', '"'))
        self.assertEqual(self.server.get('healthz'), before)
        self.assertEqual(self.exchange('sp')[0], 0x44)
        self.assertIn('changed=nothing', self.reload(self.good))

    def test_2_what_can_change_changes_and_the_rest_is_named(self):
        line = self.reload(self.good.replace('[server]\n', '[server]\nshards = 3\n', 1) + '\n[hda."16376/10"]\nrequired = ["basic", "location"]\n')
        self.assertIn('event=reloaded', line)
        self.assertIn('hda.16376/10.required', line)
        self.assertIn('wait_for_restart=server.shards', line)
        line = self.reload(self.good)
        self.assertIn('changed=hda.16376/10.required', line)
        self.assertIn('wait_for_restart=nothing', line)

    def test_3_our_key_is_rotated_and_both_are_believed(self):
        code, payload = self.exchange('sp', 'ua2', 473900010)
        self.assertEqual(code, 0x44)
        self.assert_word_of('sp', payload)
        registry = self.world.registry
        both = replaced(r'^det = .*$', f'det = "{self.world.det(SP_OTHER)}"')(self.good)
        both = replaced(r'^key_file = .*$', f'key_file = "{registry.key_file(SP_OTHER)}"\nformer_det = "{self.world.det("sp")}"\n'
                        f'former_key_file = "{registry.key_file("sp")}"')(both)
        line = self.reload(both)
        for name in ('server.det', 'server.key_file', 'server.former_det', 'server.former_key_file'):
            self.assertIn(name, line)
        for sp in ('sp', SP_OTHER):
            for number, ua in enumerate(('ua1', 'ua2')):
                code, payload = self.exchange(sp, ua, 473900020 + 10 * number)
                self.assertEqual(code, 0x44)
                if payload:  # complete flights get an empty 2.04
                    self.assert_word_of(sp, payload)
        alone = re.sub(r'^former_.*\n', '', both, flags=re.MULTILINE)
        self.reload(alone)
        self.assertEqual(self.exchange('sp', 'ua2', 473900050)[0], 0x83)
        self.assertEqual(self.exchange(SP_OTHER, 'ua2', 473900060)[0], 0x44)
        self.assertIsNotNone(self.server.get('healthz'))
        self.reload(self.good)

    def test_4_an_identity_that_dns_does_not_know_is_refused(self):
        made = json.loads(subprocess.run([program('nrid'), 'det', 'key', '-'], input=json.dumps({'seed': '11' * 32, 'raa': 16376, 'hda': 10}) + '\n',
                                         capture_output=True, text=True, timeout=20, check=True).stdout)
        key = self.server.config.parent / 'unknown.key'
        key.write_text('11' * 32 + '\n')
        line = self.reload(replaced(r'^key_file = .*$', f'key_file = "{key}"')(replaced(r'^det = .*$', f'det = "{made["det"]}"')(self.good)))
        self.assertIn('event=reload_refused', line)
        self.assertIn('dns_nxdomain', line)
        self.assertEqual(self.exchange('sp', 'ua1', 473900090)[0], 0x44)

    def revoking(self, *names):
        dets = ', '.join(f'"{self.world.det(name)}"' for name in names)
        return self.good.replace('[policy]\n', f'[policy]\nrevoked = [{dets}]\n')

    def test_5_who_is_revoked_is_refused_within_a_second_also_after_a_restart_until_it_is_lifted(self):
        self.assertEqual(self.exchange('sp', 'ua1', 473900110)[0], 0x44)
        self.assertEqual(self.exchange('sp', 'ua2', 473900120)[0], 0x44)
        report = self.report('sp', 'ua1', 473900130)
        refused = self.server.metrics()['refused'].get('det_revoked', 0)
        self.server.config.write_text(self.revoking('ua1'))
        self.server.part.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        self.assertEqual(self.send(report)[0], 0x83)
        self.assertEqual(self.server.metrics()['refused']['det_revoked'], refused + 1)
        self.world.wait_for('the refusal is logged', lambda: re.search(r'event=flight what=revoked ', self.server.part.text()))
        self.assertEqual(self.exchange('sp', 'ua2', 473900140)[0], 0x44)

        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.assertEqual(self.exchange('sp', 'ua1', 473900150)[0], 0x83)
        self.assertEqual(self.exchange('sp', 'ua2', 473900160)[0], 0x44)
        self.assertIn('changed=policy.revoked', self.reload(self.good))
        self.assertEqual(self.exchange('sp', 'ua1', 473900170)[0], 0x44)

    def test_6_a_revoked_registry_takes_its_aircraft_with_it(self):
        self.assertEqual(self.exchange('sp', 'ua1', 473900210)[0], 0x44)
        for authority in ('hda', 'raa'):
            self.reload(self.revoking(authority))
            self.assertEqual(self.exchange('sp', 'ua1', 473900220)[0], 0x83)
            self.assertIn('changed=policy.revoked', self.reload(self.good))
            self.assertEqual(self.exchange('sp', 'ua1', 473900230)[0], 0x44)


if __name__ == '__main__':
    unittest.main()
