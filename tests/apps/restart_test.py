"""A provider that starts again while DNS is gone: what it knew it knows, and what it never knew keeps it from starting."""
import signal
import unittest

from world import Failure, World
from demo.programs import Server


class WithoutDns(unittest.TestCase):
    def flying(self, name):
        """A world with a flight whose keys are in the file, and DNS gone."""
        world = World(name, flights=1)
        self.addCleanup(world.close)
        server = Server(world.stage, world.registry, world.names.port, world.pairs)
        data = world.stage.work / 'data'
        server.config.write_text(server.config.read_text().replace('[server]', f'[server]\ndata_dir = "{data}"'))
        world.server = server.start()
        world.gateway(1, 'delivery', options=['--loop']).start()
        world.wait_for('it flies', lambda: server.flights(), seconds=20)
        world.wait_for('its keys are written', lambda: server.metrics()['keys_stored'] >= 3)
        world.names.stop()
        return world, server, data

    def test_a_killed_provider_comes_back_and_the_flight_goes_on(self):
        world, server, _ = self.flying('restart-no-dns')
        server.stop(signal.SIGKILL)
        server.start()
        world.wait_for('it is back', lambda: set(server.flights()) == {world.det('ua1')})
        for feature in server.flights().values():
            self.assertEqual(feature['properties']['trust'], 'verified')
        self.assertEqual(sum(server.metrics()['refused'].values()), 0)
        told = [line for line in server.part.text().splitlines() if 'event=dns_in_trouble' in line]
        self.assertEqual(len(told), 1, server.part.tail())
        self.assertIn('dns.servers', told[0])

    def test_without_its_file_it_does_not_start_and_says_why(self):
        world, server, data = self.flying('restart-no-file')
        server.stop(signal.SIGTERM)
        for file in data.glob('keys.db*'):
            file.unlink()
        with self.assertRaisesRegex(Failure, 'dns.servers'):
            server.start()

    def test_a_file_that_is_none_is_told_and_keys_come_from_dns(self):
        world, server, data = self.flying('restart-damaged')
        server.stop(signal.SIGTERM)
        for file in data.glob('keys.db*'):
            file.unlink()
        (data / 'keys.db').write_bytes(b'x' * 8192)
        world.names.start()
        server.start()
        world.wait_for('it is back', lambda: set(server.flights()) == {world.det('ua1')})
        told = [line for line in server.part.text().splitlines() if 'event=keys_not_remembered' in line]
        self.assertEqual(len(told), 1, server.part.tail())
        self.assertIn('keys.db: is not an SQLite database', told[0])


if __name__ == '__main__':
    unittest.main()
