"""docs/registry.md, followed word for word: its fenced commands run in an empty folder against a real Knot and Unbound, and `nrid resolve`
trusts the new provider and the new aircraft.

What differs from the page: 5300 and 5301, the ports that the page states, are free ones here; and between two blocks the test waits until a
server that was started answers, as a reader would."""
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time
import unittest

from world import ROOT, free_port, program
from demo.names import APEX, SOA, query, program as daemon
from demo.stage import Stage

PAGE = ROOT / 'docs/registry.md'
NAME_SERVER, RESOLVER = 5300, 5301


class Followed:
    """The page, done once in a folder of its own; `change` may change the text of a block before the ports are put in."""

    def __init__(self, name, change=lambda block: block):
        self.ports = {NAME_SERVER: free_port(), RESOLVER: free_port()}
        self.change = change
        self.stage = Stage(ROOT / 'build/log/apps' / f'{name}-{os.getpid()}')
        try:
            self.follow()
        except BaseException:
            self.stage.close()
            raise

    def follow(self):
        programs = self.stage.work / 'bin'
        programs.mkdir()
        (programs / 'nrid').symlink_to(program('nrid'))
        shutil.copy2(daemon('unbound'), programs / 'unbound')  # AppArmor lets Debian's own read no file of ours; a copy has no profile
        self.path = f'{programs}:{os.environ["PATH"]}:/usr/sbin'
        self.folder = self.stage.work / 'empty'
        self.folder.mkdir()
        for number, block in enumerate(re.findall(r'^```sh\n(.*?)^```$', PAGE.read_text(), re.MULTILINE | re.DOTALL)):
            self.said = self.run_block(number, self.with_our_ports(block))
            self.wait_for_servers(block)
        self.registry = json.loads((self.folder / 'registry/registry.json').read_text())

    def with_our_ports(self, text):
        return re.sub(rf'\b({NAME_SERVER}|{RESOLVER})\b', lambda found: str(self.ports[int(found[0])]), self.change(text))

    def run_block(self, number, text):
        """What the block printed; what it left running in the background goes with the stage."""
        part = self.stage.start(f'block{number}', ['bash', '-euo', 'pipefail', '-c', f'cd {self.folder}\n{text}'], {'PATH': self.path})
        status = part.wait(60)
        assert status == 0, f'{text}\nends with status {status}:\n{part.tail(20)}'
        return part.text()

    def wait_for_servers(self, block):
        until = time.monotonic() + 20
        for name, port, authentic in (('knotd', NAME_SERVER, False), ('unbound', RESOLVER, True)):
            here = f'{port}' in self.change(f'127.0.0.1@{port}')
            while here and re.search(f'^{name} ', block, re.MULTILINE) and not self.answers(self.ports[port], authentic):
                assert time.monotonic() < until, f'{name} does not answer'
                time.sleep(0.05)

    @staticmethod
    def answers(port, authentic):
        answer = query(port, APEX, SOA)
        return answer is not None and answer[0] == 0 and answer[2] > 0 and (answer[1] or not authentic)

    def run(self, command):
        done = subprocess.run(['bash', '-c', self.with_our_ports(command)], cwd=self.folder, env={**os.environ, 'PATH': self.path},
                              capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

    def resolve(self, name):
        det = self.registry['entities'][name]['det']
        status, text = self.run(f'nrid resolve {det} --anchor $(cat anchor) --servers 127.0.0.1:5301 --require-ad --json')
        return status, json.loads(text)


class RegistryDoc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = Followed('registry_doc')
        cls.addClassCleanup(cls.page.stage.close)

    def test_the_last_commands_of_the_page_say_trusted_twice(self):
        self.assertEqual(['trusted'] * 2, re.findall(r'^state +(\w+)$', self.page.said, re.MULTILINE), self.page.said)

    def test_the_new_ones_are_trusted_level_by_level_with_dnssec(self):
        for name in ('sp', 'ua'):
            status, said = self.page.resolve(name)
            self.assertEqual((0, 'trusted', True), (status, said['state'], said['dnssec']), said)
            self.assertEqual((self.page.folder / f'{name}.key.pub').read_text().strip(), said['hi'])
            records = [(step['level'], step['record']) for step in said['path']]
            self.assertEqual([(level, kind) for level in (1, 2, 3, 4) for kind in ('HHIT', 'BRID')] + [(5, 'anchor')], records)
            self.assertEqual({'good'}, {step['verdict'] for step in said['path']})

    def test_nobody_but_the_owner_reads_a_secret_and_none_left_its_owner(self):
        secrets = [*self.page.folder.rglob('*.key'), self.page.folder / 'knot/tsig.conf']
        self.assertEqual({'sp.key', 'ua.key', 'apex.key', 'raa.key', 'hda.key', 'issue.key', 'tsig.key', 'tsig.conf'}, {file.name for file in secrets})
        for file in secrets:
            self.assertEqual(0, stat.S_IMODE(file.stat().st_mode) & 0o77, file)
        seeds = {file.read_text().strip() for file in secrets if file.name != 'tsig.conf'}
        public = [file for file in (self.page.folder / 'registry').iterdir() if file.suffix != '.key'] + [self.page.folder / 'registry.txt', self.page.folder / 'registry.json']
        for file in public:
            text = file.read_bytes()
            self.assertFalse([seed for seed in seeds if seed.encode() in text], file)

    def test_an_raa_is_four_zones_and_every_cut_has_ns_and_ds(self):
        zones = (self.page.folder / 'registry/zones').read_text().split()
        raa = [f'{digit}.e.f.f.3.0.0.1.0.0.2.ip6.arpa' for digit in range(4)]
        self.assertEqual([APEX.rstrip('.'), *raa, 'a.0.0.' + raa[0]], zones)
        for parent, children in ((APEX, raa), (raa[0] + '.', [zones[-1]])):
            text = (self.page.folder / f'registry/{parent}zone').read_text()
            for child in children:
                relative = child.removesuffix('.' + parent.rstrip('.'))
                self.assertRegex(text, rf'(?m)^{re.escape(relative)} NS ns')
                done = subprocess.run([daemon('kdig'), '@127.0.0.1', '-p', str(self.page.ports[RESOLVER]), '+dnssec', child, 'DS'],
                                      capture_output=True, text=True, timeout=20, check=True)
                self.assertRegex(done.stdout, r'(?m)^;; Flags:.* ad[ ;]')
                self.assertRegex(done.stdout, r'(?m)\sDS\s+\d+ 15 2 ')

    def test_records_are_taken_away_and_come_back_and_only_with_the_key(self):
        update = 'nrid zone update --registry registry/registry.json --name ua --server 127.0.0.1 --port 5300'
        owner = self.page.registry['entities']['ua']['owner']
        def there():
            answer = query(self.page.ports[NAME_SERVER], owner, 67)
            return answer is not None and answer[0] == 0 and answer[2] > 0
        foreign = self.page.folder / 'foreign.key'
        foreign.write_text('hmac-sha256:registry:' + 'A' * 43 + '=\n')
        for refused in (f'{update} --remove | knsupdate -v -k {foreign}', f'{update} --remove | knsupdate -v'):
            self.assertNotEqual('', self.page.run(refused)[1])
            self.assertTrue(there(), refused)
        self.assertEqual(0, self.page.run(f'set -o pipefail; {update} --remove | knsupdate -v -k knot/tsig.key')[0])
        self.assertFalse(there())
        self.assertEqual(0, self.page.run(f'set -o pipefail; {update} | knsupdate -v -k knot/tsig.key')[0])
        self.assertTrue(there())
    def test_another_run_renews_all_with_the_same_keys(self):
        before = self.page.registry['entities']
        status, text = self.page.run('nrid zone make --spec registry.json --out registry --cut > registry.txt && knotc -c knot.conf -b zone-reload')
        self.assertEqual(0, status, text)
        after = json.loads((self.page.folder / 'registry/registry.json').read_text())['entities']
        for name in ('sp', 'hda'):
            self.assertEqual(before[name]['det'], after[name]['det'])
            self.assertNotEqual(before[name]['hhit'], after[name]['hhit'])
            shown = subprocess.run([daemon('kdig'), '@127.0.0.1', '-p', str(self.page.ports[NAME_SERVER]), after[name]['owner'], 'TYPE67', '+short'],
                                   capture_output=True, text=True, timeout=20, check=True).stdout
            self.assertIn(after[name]['hhit'], shown.replace(' ', '').lower())
        status, said = self.page.resolve('sp')
        self.assertEqual((0, 'trusted'), (status, said['state']), said)


class Delegated(unittest.TestCase):
    """The same at port 53 of another loopback address, where the resolver knows the Apex only and follows NS, glue and DS from there."""

    ADDRESS = '127.53.0.1'

    @classmethod
    def change(cls, text):
        for here, there in ((f'127.0.0.1@{NAME_SERVER}', f'{cls.ADDRESS}@53'), (f'127.0.0.1 --port {NAME_SERVER}', f'{cls.ADDRESS} --port 53'),
                            ('{"entities"', f'{{"ns_address": "{cls.ADDRESS}", "entities"'),
                            ('$(cat registry/zones); do\n    printf', '$(head -1 registry/zones); do\n    printf')):
            text = text.replace(here, there)
        return text

    def test_the_cuts_are_followed_from_the_apex_down(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((self.ADDRESS, 53))
            except OSError as error:
                self.skipTest(f'port 53 is not ours to use: {error}')
        page = Followed('registry_delegated', self.change)
        self.addCleanup(page.stage.close)
        self.assertEqual(1, (page.folder / 'unbound.conf').read_text().count('stub-zone:'))
        for name in ('sp', 'ua'):
            status, said = page.resolve(name)
            self.assertEqual((0, 'trusted', True), (status, said['state'], said['dnssec']), said)


if __name__ == '__main__':
    unittest.main()
