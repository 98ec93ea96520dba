"""The zone that `nrid zone make` writes, as the world's own tools see it: kdig through a validating Unbound."""
import re
import subprocess
import unittest

from world import World
from demo.names import APEX, BRID, HHIT, query, program as daemon
from demo.registry import Registry


class Dns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World('dns')
        cls.addClassCleanup(cls.world.close)

    def ask(self, owner, kind):
        """(flags, rdata in hex) as kdig shows them."""
        port = str(self.world.names.port)
        done = subprocess.run([daemon('kdig'), '@127.0.0.1', '-p', port, '+adflag', '+dnssec', owner, kind],
                              capture_output=True, text=True, timeout=20, check=True)
        flags = re.search(r'^;; Flags: ([a-z ]*);', done.stdout, re.MULTILINE)[1].split()
        data = re.search(rf'\s{kind}\s+\\# \d+ ([0-9A-Fa-f ]+)$', done.stdout, re.MULTILINE)
        return flags, data[1].replace(' ', '').lower() if data else ''

    def test_every_entity_has_an_authenticated_hhit_record_with_its_certificate(self):
        for name, entity in self.world.registry.entities.items():
            with self.subTest(name):
                flags, data = self.ask(entity['owner'], 'TYPE67')
                self.assertIn('ad', flags)
                self.assertIn(entity['certificate'], data)
                self.assertIn(entity['hi'], data)

    def test_every_entity_has_an_authenticated_brid_record_with_its_endorsement(self):
        for name, entity in self.world.registry.entities.items():
            with self.subTest(name):
                flags, data = self.ask(entity['owner'], 'TYPE68')
                self.assertIn('ad', flags)
                self.assertIn(entity['be'], data)

    def test_a_det_that_is_not_registered_is_proven_not_to_exist(self):
        port = self.world.names.port
        self.assertEqual(query(port, '0.' * 16 + self.world.registry.entity('ua1')['owner'][32:], HHIT), (3, True, 0))
        self.assertEqual(query(port, 'nothing.' + APEX, BRID), (3, True, 0))

    def test_nothing_else_is_asked_for_outside(self):
        self.assertEqual(query(self.world.names.port, 'example.org.', 1), (3, False, 0))

    def test_a_second_run_keeps_every_det(self):
        before = {name: entity['det'] for name, entity in self.world.registry.entities.items()}
        again = Registry(self.world.registry.folder)
        self.assertEqual({name: entity['det'] for name, entity in again.entities.items()}, before)


if __name__ == '__main__':
    unittest.main()
