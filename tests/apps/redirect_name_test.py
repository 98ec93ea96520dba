"""Redirects to host names, looked up in flight through Knot and a validating Unbound (apps/gateway/hosts.cc). No nridd sends one, so the
first provider is a socket here that speaks with the registry's key for it; the second one is real."""
import datetime
import re
import signal
import socket
import time
import unittest

from world import World, free_port, peer
from demo.names import APEX
from demo.programs import Server

DOMAIN = APEX.strip('.')
SILENCE = 3.0  # so long a gateway waits for a name


class Word:
    """The first provider: answers a CON with a Heartbeat, says another one every second, and what else it is told to."""

    def __init__(self, world):
        self.world = world
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.settimeout(0.1)
        self.plain, self.schc = self.socket.getsockname()[1], free_port()
        self.client = None
        self.heard = 0
        self.said = 0
        self.heartbeats = self.make(600)

    def make(self, count, **move):
        made = peer('words', sp=self.world.det('sp'), spSeed=self.world.registry.seed('sp'), ua=self.world.det('ua1'), count=count, **move)
        return {made['iat'] + i: bytes.fromhex(cwt) for i, cwt in enumerate(made['cwts'])}

    def heartbeat(self):
        return self.heartbeats[int(time.time())]

    def post(self, cwt):
        self.said += 1
        head = bytes([0x58, 0x02]) + self.said.to_bytes(2, 'big') + self.said.to_bytes(8, 'big')  # NON, token of eight
        self.socket.sendto(head + b'\xb4nrid\x11\x3d\xff' + cwt, self.client)

    def until(self, condition, seconds=20):
        """Goes on as a provider until the condition holds; true when it did."""
        end, due = time.monotonic() + seconds, time.monotonic() + 1
        while not condition():
            if time.monotonic() > end:
                return False
            try:
                octets, self.client = self.socket.recvfrom(2048)
                self.heard += 1
                if octets[0] == 0x44:  # CON, token of four: its ACK with a 2.04
                    self.socket.sendto(bytes([0x64, 0x44]) + octets[2:8] + b'\xc1\x3d\xff' + self.heartbeat(), self.client)
            except TimeoutError:
                pass
            if self.client and time.monotonic() > due:
                due = time.monotonic() + 1
                self.post(self.heartbeat())
        return True

    def close(self):
        self.socket.close()


class Named(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = world = World('redirect-name', flights=1, providers=2)
        cls.addClassCleanup(world.close)
        cls.target = Server(world.stage, world.registry, world.names.port, world.pairs, name='sp2').start()
        cls.word = Word(world)
        cls.addClassCleanup(cls.word.close)
        world.server = cls.word
        flight = world.stage.work / 'straight.csv'
        flight.write_text('# operator_id: CHEtest\nt_s,lat,lon,alt_m\n' + ''.join(f'{t},{47.39 + t * 0.00009:.7f},8.54,455\n' for t in range(300)))
        policy = f'[policy]\nredirect_private = true\nredirect_domain = "{DOMAIN}"'
        cls.gateway = world.gateway(1, flight, transport='plain', timers=policy).start()
        assert cls.word.until(lambda: 'event=start_ok' in cls.text()), cls.gateway.part.tail()

    @classmethod
    def text(cls):
        return cls.gateway.part.text()

    def owner(self, name):
        return self.world.registry.entity(name)['owner'].strip('.')

    def send_to(self, host):
        """Redirects to the host; what the gateway says of it, and after how many seconds."""
        before = len(re.findall(r'event=redirect', self.text()))
        move = {'sp': self.world.det('sp2'), 'uri': f'coap://{host}:{self.target.plain}/nrid', 'endorsement': self.world.registry.entity('sp2')['be']}
        cwt = self.word.make(1, move=move).popitem()[1]
        began = time.time()
        self.word.post(cwt)
        said = lambda: re.findall(r'^(\S+)Z \w+ event=(redirect\w*) (.*)', self.text(), re.MULTILINE)[before:]
        self.assertTrue(self.word.until(said, 20), self.gateway.part.tail())
        [(at, event, facts)] = said()
        return event, facts, datetime.datetime.fromisoformat(at + '+00:00').timestamp() - began  # by the gateway's own clock

    def assert_flies_here(self):
        heard = self.word.heard
        self.assertTrue(self.word.until(lambda: self.word.heard >= heard + 2, 10), 'the flight goes on where it is')
        self.assertEqual(self.target.flights(), {})

    def test_1_a_name_that_has_no_address_is_refused_and_the_flight_goes_on(self):
        for host in ('nobody.' + DOMAIN, self.owner('ua1')):  # proven not to exist; there, but without A and AAAA
            with self.subTest(host):
                event, facts, took = self.send_to(host)
                self.assertEqual(event, 'redirect_refused')
                self.assertIn(f'host {host}: no address of our family', facts)
                self.assertLess(took, SILENCE - 0.5, 'DNS answered')
                self.assert_flies_here()

    def test_2_a_name_outside_the_domain_is_not_even_asked_for(self):
        for host in ('example.org', 'x' + DOMAIN):
            event, facts, _ = self.send_to(host)
            self.assertEqual(event, 'redirect_refused')
            self.assertIn('is not in redirect_domain', facts)
        self.assert_flies_here()

    def test_3_a_resolver_that_is_silent_costs_three_seconds_and_no_position(self):
        unbound = self.world.names.unbound
        unbound.send(signal.SIGSTOP)
        try:
            heard = self.word.heard
            event, facts, took = self.send_to(self.owner('sp2'))
            self.assertEqual(event, 'redirect_refused')
            self.assertRegex(facts, r'no answer in time|no address of our family')
            self.assertGreater(took, SILENCE - 1.2)
            self.assertGreaterEqual(self.word.heard - heard, int(took), 'positions left meanwhile')
        finally:
            unbound.send(signal.SIGCONT)
        self.assert_flies_here()

    # The look-up of the case before was given up; it fails for itself, and not for the one that follows.
    def test_4_a_name_in_the_zone_becomes_an_address_and_the_flight_is_there(self):
        event, facts, took = self.send_to(self.owner('sp2'))
        self.assertEqual(event, 'redirect', facts)
        self.assertIn(f'address=127.0.0.1:{self.target.plain}', facts)
        self.assertLess(took, SILENCE - 0.5)
        def latitude():
            feature = self.target.flights().get(self.world.det('ua1'))
            return feature and feature['geometry'] and feature['geometry']['coordinates'][1]
        first = self.world.wait_for('the flight is at the second provider', latitude, seconds=20)
        self.world.wait_for('positions go on there', lambda: latitude() > first, seconds=20)
        heard = self.word.heard
        self.word.until(lambda: False, 2)
        self.assertEqual(self.word.heard, heard, 'and none comes here')


if __name__ == '__main__':
    unittest.main()
