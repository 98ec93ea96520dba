"""`nrid zone make` as a registry calls it: what it writes, what it keeps, what it refuses."""
import base64
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from world import program

APEX = '3.0.0.1.0.0.2.ip6.arpa'
RAA = [f'{digit}.e.f.f.{APEX}' for digit in range(4)]
HDA = f'a.0.0.{RAA[0]}'
SPEC = {'ttl': 120, 'entities': [
    {'name': 'apex', 'type': 'apex', 'raa': 0, 'hda': 0, 'parent': 'apex'},
    {'name': 'raa', 'type': 'raa', 'raa': 16376, 'hda': 0, 'parent': 'apex'},
    {'name': 'hda', 'type': 'hda', 'hda': 10, 'parent': 'raa'},
    {'name': 'issue', 'type': 'hda_issue', 'parent': 'hda'},
    {'name': 'sp', 'type': 'sp', 'parent': 'issue', 'addresses': ['192.0.2.7', '2001:db8::7']}]}


class RegistryTool(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.made = self.folder / 'made'

    def nrid(self, *words):
        done = subprocess.run([program('nrid'), *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout + done.stderr

    def make(self, *more, spec=None):
        status, text = self.nrid('zone', 'make', '--spec', json.dumps(spec or SPEC), '--out', self.made, *more)
        self.assertEqual(0, status, text)
        return json.loads((self.made / 'registry.json').read_text())

    def zone(self, name):
        return (self.made / f'{name}.zone').read_text()

    def test_one_zone_for_each_authority(self):
        known = self.make('--cut')
        self.assertEqual([APEX, *RAA, HDA], (self.made / 'zones').read_text().split())
        self.assertFalse((self.made / 'zone').exists())
        where = {name: entity['zone'] for name, entity in known['entities'].items()}
        self.assertEqual({'apex': APEX + '.', 'raa': RAA[0] + '.', 'hda': HDA + '.', 'issue': HDA + '.', 'sp': HDA + '.'}, where)
        for name, entity in known['entities'].items():
            relative = entity['owner'].removesuffix('.' + entity['zone'])
            self.assertRegex(self.zone(entity['zone'].rstrip('.')), rf'(?m)^{re.escape(relative)} TYPE67 ', name)
        self.assertEqual(RAA, re.findall(r'^\$INCLUDE (\S+)\.ds$', self.zone(APEX), re.MULTILINE))
        self.assertEqual([HDA], re.findall(r'^\$INCLUDE (\S+)\.ds$', self.zone(RAA[0]), re.MULTILINE))

    def test_a_second_run_keeps_keys_and_ds_records(self):
        before = self.make('--cut')
        (self.made / f'{HDA}.ds').write_text(f'{HDA}. DS 1 15 2 00\n')
        after = self.make('--cut')
        self.assertEqual({name: entity['det'] for name, entity in before['entities'].items()}, {name: entity['det'] for name, entity in after['entities'].items()})
        self.assertEqual(f'{HDA}. DS 1 15 2 00\n', (self.made / f'{HDA}.ds').read_text())
        (self.made / 'raa.key').chmod(0o644)
        status, text = self.nrid('zone', 'make', '--spec', json.dumps(SPEC), '--out', self.made)
        self.assertEqual(1, status)
        self.assertIn('made/raa.key: holds a secret and has mode 0644', text)

    def test_both_presentation_forms_hold_the_same_octets(self):
        unknown = self.make()['entities']['sp']
        self.assertIn(f' TYPE67 \\# {len(unknown["hhit"]) // 2} {unknown["hhit"]}\n', (self.made / 'zone').read_text())
        known = self.make('--base64')['entities']['sp']
        zone = (self.made / 'zone').read_text()
        self.assertNotIn('TYPE6', zone)
        for kind, field in (('HHIT', 'hhit'), ('BRID', 'brid')):
            self.assertIn(known[field], [base64.b64decode(text, validate=True).hex() for text in re.findall(rf' {kind} (\S+)$', zone, re.MULTILINE)])

    def test_certificates_are_what_another_x509_reads(self):
        known = self.make()['entities']
        for name in known:
            shown = subprocess.run(['openssl', 'x509', '-in', self.made / f'{name}.der', '-inform', 'DER', '-noout', '-text'],
                                   capture_output=True, text=True, timeout=20, check=True).stdout
            self.assertIn(f'Issuer: CN = {known[known[name]["parent"]]["det"]}', shown)
            self.assertEqual(name != 'sp', 'CA:TRUE' in shown)
            self.assertIn('ED25519', shown)

    def test_a_secret_that_lies_elsewhere_is_not_copied(self):
        self.nrid('det', 'key', '--key_file', 'mine.key')
        spec = json.loads(json.dumps(SPEC))
        spec['entities'][1]['key_file'] = 'mine.key'
        known = self.make(spec=spec)
        self.assertFalse((self.made / 'raa.key').exists())
        self.assertEqual(('mine.key', (self.folder / 'mine.key.pub').read_text().strip()), (known['entities']['raa']['key_file'], known['entities']['raa']['hi']))


if __name__ == '__main__':
    unittest.main()
