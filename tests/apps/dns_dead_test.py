"""DNS is dead and a flight begins (R-009, T28): the provider takes the keys from Links, the gateway starts from what it remembers.
First the provider's DNS alone is silent, then that of the gateways is gone as well."""
import json
import re
import subprocess
import unittest

from world import World, conserved
from demo.programs import Server
from relay import Relay

ROWS = ''.join(f'{t},47.39{t:05d},8.54,455,10,5,0,0,airborne\n' for t in range(60))
ACCEPTED_WITHIN = 5  # seconds; T28 wants one, on a machine that does nothing else


class DnsDead(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World('dns-dead', flights=5)
        cls.addClassCleanup(cls.world.close)
        cls.relay = Relay(cls.world.names.port)
        cls.addClassCleanup(cls.relay.close)
        pairs = cls.world.pairs + [(ua, ua) for _, ua in cls.world.pairs]
        cls.server = cls.world.server = Server(cls.world.stage, cls.world.registry, cls.relay.port, pairs).start()
        cls.flight = cls.world.stage.work / 'flight.csv'
        cls.flight.write_text('t_s,lat,lon,alt_m,height_m,speed_mps,track_deg,vspeed_mps,status\n' + ROWS)

        first = cls.gateway(1).start()  # what the provider needs to know of the HDA
        cls.world.wait_for('the first flies', lambda: 'event=start_ok' in first.part.text(), seconds=30)
        first.stop()
        cls.set_up(cls.gateway(2))
        cls.set_up(cls.gateway(4, alone=True))
        cls.relay.swallow = lambda up, octets: True

    @classmethod
    def gateway(cls, number, alone=False):
        """Each has a folder of its own, as on machines of their own; `alone`: the aircraft is its own gateway."""
        gateway = cls.world.gateway(number, cls.flight, options=['--json'])
        text = gateway.config.read_text()
        if alone:
            text = re.sub(r'(?s)\[gateway\]\n.*?\[aircraft\]\n', '[gateway]\n', text, count=1)
        gateway.config.write_text(text.replace('[gateway]\n', f'[gateway]\ndata_dir = "gateway-{number}-data"\n'))
        return gateway

    @staticmethod
    def set_up(gateway):
        """All but the flight."""
        done = subprocess.run([gateway.command[0], 'check', '--config', gateway.config], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def remembered(self, number, name):
        return self.world.stage.work / f'gateway-{number}-data' / f'{self.world.det(name)}.json'

    def new_flight(self, what, gateway, ua, links):
        """Flies until it is verified; returns what the gateway said."""
        learned = self.server.metrics()['link_learned_total']
        gateway.start()
        self.world.wait_for('it flies', lambda: '"phase":"flying"' in gateway.part.text(), seconds=30)
        self.world.wait_for('it is verified', lambda: self.server.flights().get(self.world.det(ua), {}).get('properties', {}).get('trust') == 'verified')
        self.assertEqual(learned + links, self.server.metrics()['link_learned_total'])
        gateway.stop()
        said = gateway.part.text()
        self.world.wait_for('counters are exact', lambda: conserved(self.server.metrics()))
        lines = [json.loads(line) for line in said.splitlines() if line.startswith('{')]
        at = {line['event']: line['time'] for line in reversed(lines) if 'event' in line}  # the first of each
        heard = min(at['flags'], at['start_ok'])  # what the first Heartbeat makes the gateway say
        print(f'\n{what}: first Heartbeat {heard - at["start"]:.3f} s after the first datagram and {heard - at["link"]:.3f} s after the Link; '
              f'nothing missing after {at["start_ok"] - at["start"]:.3f} s')
        self.assertLess(at['start_ok'] - at['link'], ACCEPTED_WITHIN)
        return said

    def test_1_what_is_remembered_is_for_its_owner_alone(self):
        files = [self.remembered(2, name) for name in ('sp', 'hda', 'gw2', 'ua2')]
        self.assertEqual(sorted(files), sorted(files[0].parent.iterdir()))
        self.assertEqual({0o600}, {file.stat().st_mode & 0o777 for file in files})
        self.assertEqual(self.world.registry.entity('sp')['be'], json.loads(files[0].read_text())['endorsement'])

    def test_2_the_providers_5_03_is_answered_with_a_link(self):
        said = self.new_flight('provider without DNS', self.gateway(5, alone=True), 'ua5', links=1)
        self.assertNotIn('step=remembered', said)
        self.assertIn('event=answer code=5.03', said)
        self.assertEqual(1, said.count('info event=link '), said)

    def test_3_where_nobody_has_dns_a_new_aircraft_is_accepted_and_verified(self):
        self.world.names.stop()
        for what, gateway, ua, links in (('no DNS, the aircraft alone', self.gateway(4, alone=True), 'ua4', 1),
                                         ('no DNS, aircraft and ground station', self.gateway(2), 'ua2', 2)):
            with self.subTest(what):
                said = self.new_flight(what, gateway, ua, links)
                self.assertEqual(1, said.count('event=preflight step=remembered'), said)
                self.assertRegex(said, r'step=remembered fact="DNS is in trouble \(dns_unreachable\); this start stands on what it said at \S+Z, '
                                       r'which holds until \S+Z"')
                self.assertIn('"remembered":"DNS is in trouble', said)
                self.assertNotIn('code=5.03', said)

    def test_4_without_a_set_up_before_it_fails_with_one_sentence(self):
        received = self.server.metrics()['received_total']
        gateway = self.gateway(3).start()
        self.assertEqual(1, gateway.part.wait(30))
        failed = [line for line in gateway.part.text().splitlines() if 'error event=preflight_failed' in line]
        self.assertEqual(1, len(failed), gateway.part.text())
        for words in ('dns_unreachable', 'nothing is remembered that may stand in', str(self.remembered(3, 'sp')), 'dns.servers'):
            self.assertIn(words, failed[0])
        gateway.stop()
        self.assertEqual(received, self.server.metrics()['received_total'], 'nothing was sent')

    def test_5_a_file_that_is_cut_is_named_and_ignored(self):
        file = self.remembered(2, 'sp')
        file.write_text(file.read_text()[:100])
        gateway = self.gateway(2).start()
        self.assertEqual(1, gateway.part.wait(30))
        failed = [line for line in gateway.part.text().splitlines() if 'error event=preflight_failed' in line]
        self.assertEqual(1, len(failed), gateway.part.text())
        self.assertIn(f'may stand in: {file}:', failed[0])
        gateway.stop()


if __name__ == '__main__':
    unittest.main()
