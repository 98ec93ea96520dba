"""Two sample flights over SCHC, from flight file to /api/flights, and what happens when something around them dies."""
import csv
import signal
import time
import unittest
import urllib.error
import urllib.request

from world import ROOT, Failure, World, WorldTest, conserved
from demo.programs import Server

QUICK = 'first_tries = 2\ntry_interval = 0.5'


def points(flight):
    """Positions of a sample flight as the file writes them: {(lat, lon)} in 1e-7 degree."""
    with open(ROOT / f'examples/flights/{flight}.csv', encoding='ascii') as file:
        rows = csv.DictReader(line for line in file if not line.startswith('#'))
        return {(round(float(row['lat']) * 1e7), round(float(row['lon']) * 1e7)) for row in rows}


def place(coordinates):
    return round(coordinates[1] * 1e7), round(coordinates[0] * 1e7)


class TwoFlights(WorldTest):
    FLIGHTS = {1: 'delivery', 2: 'crossing'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateways = {number: cls.world.gateway(number, flight, options=['--loop']).start() for number, flight in cls.FLIGHTS.items()}
        cls.world.wait_for('both fly', lambda: all(cls.track_length(ua) >= 3 for ua in ('ua1', 'ua2')), seconds=30)

    @classmethod
    def feature(cls, ua):
        return cls.server.flights().get(cls.world.det(ua))

    @classmethod
    def track_length(cls, ua):
        feature = cls.feature(ua)
        return len(feature['properties'].get('track', [])) if feature else 0

    def test_1_both_are_verified_and_there_is_no_third(self):
        flights = self.server.flights()
        self.assertEqual(set(flights), {self.world.det('ua1'), self.world.det('ua2')})
        for feature in flights.values():
            self.assertEqual(feature['properties']['trust'], 'verified')
            self.assertTrue(feature['properties']['trust_why'])

    def test_2_positions_are_those_of_the_flight_file(self):
        for number, flight in self.FLIGHTS.items():
            known = points(flight)
            for _ in range(3):
                self.assertIn(place(self.feature(f'ua{number}')['geometry']['coordinates']), known)
                time.sleep(0.4)

    def test_3_counters_obey_the_law_and_nothing_was_refused(self):
        values = self.server.metrics()
        self.assertTrue(conserved(values), values)
        self.assertGreaterEqual(values['accepted_total'], 6)
        self.assertEqual(sum(values['refused'].values()), 0, values)

    def test_4_dns_that_stops_in_flight_changes_nothing(self):
        before = {ua: self.feature(ua)['properties'] for ua in ('ua1', 'ua2')}
        self.world.names.stop()
        accepted = self.server.metrics()['accepted_total']
        self.world.wait_for('both go on', lambda: self.server.metrics()['accepted_total'] >= accepted + 6, seconds=15)
        for ua, properties in before.items():
            self.assertEqual(self.feature(ua)['properties']['trust'], properties['trust'])
        for gateway in self.gateways.values():
            self.assertTrue(gateway.part.running())
        self.world.names.start()

    def test_5_kill_and_restart_in_flight_needs_no_new_handshake(self):
        starts = {number: gateway.part.text().count('event=start_ok') for number, gateway in self.gateways.items()}
        self.assertEqual(starts, {1: 1, 2: 1})
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.world.wait_for('both are back', lambda: set(self.server.flights()) == {self.world.det('ua1'), self.world.det('ua2')})
        for feature in self.server.flights().values():
            self.assertEqual(feature['properties']['trust'], 'verified')
        for number, gateway in self.gateways.items():
            self.assertEqual(gateway.part.text().count('event=start_ok'), starts[number], 'no second start')
        values = self.server.metrics()
        self.assertEqual(sum(values['refused'].values()), 0, values)


class OneFlight(unittest.TestCase):
    def world_of(self, name):
        world = World(name, flights=1)
        self.addCleanup(world.close)
        return world

    def short_flight(self, world):
        file = world.stage.work / 'short.csv'
        rows = ''.join(f'{t},47.39{t:05d},8.54,455,10,5,0,0,airborne\n' for t in range(4))
        file.write_text('t_s,lat,lon,alt_m,height_m,speed_mps,track_deg,vspeed_mps,status\n' + rows)
        return file

    def test_a_flight_ends_with_an_acknowledged_end_of_operation(self):
        for transport in ('schc', 'plain'):
            with self.subTest(transport):
                world = self.world_of('end-' + transport)
                server = world.start_server()
                gateway = world.gateway(1, self.short_flight(world), transport=transport).start()
                self.assertEqual(gateway.part.wait(30), 0, gateway.part.tail())
                values = server.metrics()
                self.assertTrue(conserved(values), values)
                self.assertEqual(values['operation_started_total'], 1)
                self.assertEqual(values['operation_ended_total'], 1)
                self.assertEqual(sum(values['refused'].values()), 0, values)

    def test_without_dns_the_gateway_does_not_start(self):
        world = self.world_of('no-dns')
        server = world.start_server()
        world.names.stop()
        gateway = world.gateway(1, 'delivery').start()
        self.assertNotEqual(gateway.part.wait(30), 0)
        errors = [line for line in gateway.part.text().splitlines() if 'dns' in line.lower()]
        self.assertTrue(errors, gateway.part.tail())
        self.assertIn('dns.servers', errors[-1], 'the line says what to look at')
        self.assertEqual(server.metrics()['received_total'], 0, 'nothing was sent')

    def test_health_says_when_dns_does_not_confirm_our_own_key(self):
        world = self.world_of('health')
        server = Server(world.stage, world.registry, world.names.port, world.pairs)
        server.config.write_text(server.config.read_text().replace('require_ad = true', 'require_ad = true\ncheck_at_start = false'))
        world.names.stop()
        server.start()

        def sick():
            try:
                urllib.request.urlopen(server.url + 'healthz', timeout=3).close()
            except urllib.error.HTTPError as answer:
                return answer.code == 503 and 'our own key' in answer.read().decode()
            return False
        world.wait_for('/healthz answers 503', sick, seconds=20)
        world.names.start()
        world.wait_for('/healthz answers 200', lambda: server.get('healthz'), seconds=20)

    def test_without_a_server_the_gateway_says_so_after_its_tries(self):
        world = self.world_of('no-server')
        world.start_server()
        world.server.stop()
        gateway = world.gateway(1, 'delivery', timers=QUICK).start()
        self.assertNotEqual(gateway.part.wait(30), 0)
        self.assertIn('start_failed', gateway.part.text())

    def test_a_gateway_that_is_not_on_the_list_is_refused(self):
        world = self.world_of('stranger')
        world.pairs = []
        server = world.start_server()
        gateway = world.gateway(1, 'delivery', timers=QUICK).start()
        self.assertNotEqual(gateway.part.wait(30), 0)
        values = server.metrics()
        self.assertTrue(conserved(values), values)
        self.assertGreater(values['refused']['not_owner'], 0, values)
        self.assertEqual(server.flights(), {})

    def test_a_server_that_is_told_to_stop_stops_at_once_and_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                world = self.world_of('stop')
                server = world.start_server()
                started = time.monotonic()
                self.assertEqual(server.stop(number), 0)
                self.assertLess(time.monotonic() - started, 3)

    def test_a_failure_of_the_harness_itself_is_seen(self):
        world = self.world_of('harness')
        world.names.unbound.stop(signal.SIGKILL)
        with self.assertRaisesRegex(Failure, 'unbound ended'):
            world.stage.check()


if __name__ == '__main__':
    unittest.main()
