"""nrid-gateway configure: the provider's DET from 64 bits of hash and the own HID, as a service sheet gives it (R-004)."""
import ipaddress
import pathlib
import subprocess
import tempfile
import unittest
from types import SimpleNamespace

from world import program
from demo.programs import Gateway
from demo.registry import Registry


def configure(*arguments):
    return subprocess.run([program('nrid-gateway'), 'configure', *arguments], capture_output=True, text=True, timeout=20, check=False,
                          stdin=subprocess.DEVNULL)


class Configure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        work = pathlib.Path(folder.name)
        registry = Registry(work / 'registry', 1)
        cls.own = registry.entity('gw1')['det']
        cls.sp = registry.entity('sp')['det']
        nothing_runs = SimpleNamespace(work=work, plain=5683, schc=5787)
        cls.config = Gateway(nothing_runs, registry, 53, nothing_runs, 'gw1', 'ua1', 'delivery').config

    def assert_provider(self, done):
        """What is printed goes into the settings file as it is."""
        self.assertEqual((0, ''), (done.returncode, done.stderr), done.stdout)
        self.assertEqual(f'[sp]\ndet = "{ipaddress.IPv6Address(bytes.fromhex(self.sp))}"\n', done.stdout)

    def assert_refused(self, done, *words):
        self.assertEqual((1, ''), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_the_hash_is_completed_with_the_own_hid(self):
        self.assertEqual(self.own[:16], self.sp[:16])
        self.assert_provider(configure('--det', self.own, '--sp-hash', self.sp[16:]))

    def test_the_own_det_may_come_from_a_settings_file(self):
        self.assert_provider(configure('--config', self.config, '--sp-hash', self.sp[16:]))

    def test_a_full_det_stays_what_it_is(self):
        elsewhere = '2001003ffe00640532961f000001a2b3'  # an own DET of another HDA changes nothing in it
        for sp in (self.sp, str(ipaddress.IPv6Address(bytes.fromhex(self.sp)))):
            for own in (self.own, elsewhere):
                for option in ('--sp-det', '--sp-hash'):
                    with self.subTest(sp=sp, own=own, option=option):
                        self.assert_provider(configure('--det', own, option, sp))

    def test_what_is_no_det_is_refused_in_one_line(self):
        self.assert_refused(configure('--det', self.own, '--sp-hash', self.sp[17:]), self.sp[17:])
        self.assert_refused(configure('--det', self.own, '--sp-hash', 'g' + self.sp[17:]), 'g' + self.sp[17:], 'hex')
        self.assert_refused(configure('--det', self.own, '--sp-det', '2001:db8::1'), '2001:db8::1', '2001:30::/28')
        self.assert_refused(configure('--det', '2001:db8::1', '--sp-hash', self.sp[16:]), '2001:db8::1', '2001:30::/28')
        self.assert_refused(configure('--sp-hash', self.sp[16:]), '--config', '--det')
        self.assert_refused(configure('--det', self.own), '--sp-hash')


if __name__ == '__main__':
    unittest.main()
