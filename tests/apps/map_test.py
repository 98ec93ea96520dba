"""The live map in a real browser: two verified aircraft that move, and the banner when the server goes away."""
import subprocess
import unittest

from world import ROOT, WorldTest


class Map(WorldTest):
    def test_two_aircraft_on_the_page_and_the_banner_when_the_server_stops(self):
        for number, flight in ((1, 'delivery'), (2, 'crossing')):
            self.world.gateway(number, flight, options=['--speed', '10']).start()
        self.world.wait_for('both fly', lambda: len(self.server.flights()) == 2, seconds=30)
        stop = f'kill -TERM {self.server.part.process.pid}'
        done = subprocess.run(['node', ROOT / 'tests/web/map_test.mjs', self.server.url, '2', '--lost', stop],
                              capture_output=True, text=True, timeout=150, check=False)
        facts = done.stdout.splitlines()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-2000:])
        self.assertGreater(len(facts), 10, 'every fact is a line')
        self.assertTrue(all(line.startswith('ok') for line in facts), done.stdout)
        self.assertTrue(any('banner' in line for line in facts))


if __name__ == '__main__':
    unittest.main()
