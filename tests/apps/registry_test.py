"""`nrid zone make` and `nrid zone update` as a registry calls them: what they write, what they keep, what they refuse."""
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

    def test_an_authority_has_its_own_name_servers_at_the_cut_and_inside(self):
        spec = json.loads(json.dumps(SPEC))
        spec['name_servers'] = ['ns', 'ns2.example.']
        spec['entities'][2]['name_servers'] = ['ns.hda.example.', 'ns2.hda.example.']
        self.make('--cut', spec=spec)
        self.assertIn('\n@ NS ns\n@ NS ns2.example.\nns A 127.0.0.1\n', self.zone(APEX))
        self.assertIn(f'\na.0.0 NS ns.hda.example.\na.0.0 NS ns2.hda.example.\n$INCLUDE {HDA}.ds\n', self.zone(RAA[0]))
        self.assertIn('\n@ NS ns.hda.example.\n@ NS ns2.hda.example.\n', self.zone(HDA))
        for servers, said in (([], 'entity hda: name_servers must be a list of 1 to 13 names'), ('ns.', 'must be a list'), ([7], 'name server 7 is no domain name'),
                              (['ns'], 'must be an absolute name'), ([f'ns.{HDA}.'], 'lies in its own zone'), (['a\nb.'], 'is no domain name')):
            spec['entities'][2]['name_servers'] = servers
            status, text = self.nrid('zone', 'make', '--spec', json.dumps(spec), '--out', self.made, '--cut')
            self.assertEqual(1, status)
            self.assertIn(said, text)
        spec['entities'][2].pop('name_servers')
        spec['entities'][4]['name_servers'] = ['ns.example.']
        self.assertIn('entity sp: only an authority has name_servers', self.nrid('zone', 'make', '--spec', json.dumps(spec), '--out', self.made, '--cut')[1])

    def apart(self):
        """An RAA and an HDA that share no machine: a public key goes one way, registry.json comes back."""
        self.assertEqual(0, self.nrid('det', 'key', '--key_file', 'hda.key')[0])
        spec = json.loads(json.dumps(SPEC))
        spec['entities'][2:] = [{'name': 'hda', 'type': 'hda', 'hda': 10, 'parent': 'raa', 'public_key_file': 'hda.key.pub'}]
        by_raa = self.make('--cut', spec=spec)
        (self.made / 'registry.json').rename(self.folder / 'from-raa.json')
        self.made = self.folder / 'hda'
        own = {'origin': HDA + '.', 'entities': [
            {'name': 'apex', 'registered': 'from-raa.json', 'publish': False}, {'name': 'raa', 'registered': 'from-raa.json', 'publish': False},
            {'name': 'hda', 'registered': 'from-raa.json', 'key_file': 'hda.key'}, {'name': 'ua', 'type': 'ua', 'parent': 'hda'}]}
        return by_raa, own

    def test_an_hda_on_a_machine_of_its_own(self):
        by_raa, own = self.apart()
        by_hda = self.make('--cut', spec=own)
        self.assertEqual({'ua.key'}, {file.name for file in self.made.glob('*.key')})
        self.assertEqual(by_raa['anchor'], by_hda['anchor'])
        for name in ('apex', 'raa', 'hda'):
            self.assertEqual({field: by_raa['entities'][name][field] for field in ('det', 'hi', 'be', 'certificate', 'brid')},
                             {field: by_hda['entities'][name][field] for field in ('det', 'hi', 'be', 'certificate', 'brid')})
        ua = by_hda['entities']['ua']
        self.assertEqual([HDA], (self.made / 'zones').read_text().split())
        self.assertEqual(2, self.zone(HDA).count(' TYPE67 '))
        for name in ('apex', 'raa', 'hda', 'ua'):
            self.assertIn('01' + by_hda['entities'][name]['be'], ua['brid'])

    def test_a_registration_cut_at_any_octet_or_of_another_key_is_refused(self):
        by_raa, own = self.apart()
        own['entities'] = own['entities'][:1]
        apex = {field: by_raa['entities']['apex'][field] for field in ('type', 'raa', 'hda', 'parent', 'hi', 'be', 'certificate')}
        whole = json.dumps({'entities': {'apex': apex}})
        for size in range(len(whole)):
            (self.folder / f'cut{size}').write_text(whole[:size])
        own['entities'][0]['registered'] = 'whole'
        (self.folder / 'whole').write_text(whole)
        questions = [{'spec': {**own, 'origin': APEX + '.', 'entities': [{**own['entities'][0], 'registered': file}]}, 'out': str(self.made)}
                     for file in (*(f'cut{size}' for size in range(len(whole))), 'whole')]
        done = subprocess.run([program('nrid'), 'zone', 'make', '-'], input='\n'.join(map(json.dumps, questions)), cwd=self.folder,
                              capture_output=True, text=True, timeout=120, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(['is no registry.json with an entity of this name' in answer.get('detail', '') for answer in answers], [True] * len(whole) + [False])
        self.assertIn('anchor', answers[-1])
        for change, said in (({'be': '00'}, 'apex: its endorsement'), ({'be': 7}, 'apex: field be must be hex digits'), ({'certificate': ''}, 'apex: its certificate'),
                             ({'hi': by_raa['entities']['raa']['hi']}, 'apex: its endorsement is of'), ({'hi': 'x'}, 'key must be 64 hex digits')):
            (self.folder / 'whole').write_text(json.dumps({'entities': {'apex': apex | change}}))
            self.assertIn(said, self.nrid('zone', 'make', '--spec', json.dumps(own), '--out', self.made)[1])
        (self.folder / 'whole').write_text(json.dumps({'entities': {'apex': {'hi': apex['hi']}}}))
        self.assertIn('spec: entity apex: whole has no be of it', self.nrid('zone', 'make', '--spec', json.dumps(own), '--out', self.made)[1])
        self.assertIn('no-such-file: cannot open', self.nrid('zone', 'make', '--spec', json.dumps(own).replace('whole', 'no-such-file'), '--out', self.made)[1])

    def test_an_update_replaces_all_records_of_one_det(self):
        sp = self.make('--cut')['entities']['sp']
        status, text = self.nrid('zone', 'update', '--registry', 'made/registry.json', '--name', 'sp', '--server', '127.0.0.1', '--port', 5300)
        head = ['server 127.0.0.1 5300', f'zone {HDA}.'] + [f'update delete {sp["owner"]} {kind}' for kind in ('TYPE67', 'TYPE68', 'A', 'AAAA')]
        records = [f'TYPE67 \\# {len(sp["hhit"]) // 2} {sp["hhit"]}', f'TYPE68 \\# {len(sp["brid"]) // 2} {sp["brid"]}', 'A 192.0.2.7', 'AAAA 2001:db8::7']
        self.assertEqual((0, [*head, *(f'update add {sp["owner"]} 120 {record}' for record in records), 'send']), (status, text.splitlines()))
        status, text = self.nrid('zone', 'update', '--registry', 'made/registry.json', '--name', 'sp', '--remove')
        self.assertEqual((0, [*head[1:], 'send']), (status, text.splitlines()))

    def test_what_no_registry_wrote_reaches_no_script(self):
        good = self.make('--cut')
        trick = f'{HDA}.\nupdate delete {HDA}. NS'
        cases = (({'zone': trick}, 'zone must be one in which'), ({'zone': 'a.0.0.1.' + APEX + '.'}, 'zone must be one in which'), ({'zone': 7}, 'zone must be one in which'),
                 ({'det': 'x'}, 'det must be a DET'), ({'hhit': '00\nsend'}, 'hhit must be hex digits'), ({'brid': 7}, 'brid must be hex digits'),
                 ({'addresses': ['192.0.2.7\nsend']}, 'addresses must be IP addresses'), ({'addresses': {}}, 'addresses must be a list'))
        for change, said in cases:
            with self.subTest(said, change=change):
                bad = json.loads(json.dumps(good))
                bad['entities']['sp'].update(change)
                status, text = self.nrid('zone', 'update', '--registry', json.dumps(bad), '--name', 'sp')
                self.assertEqual((1, 'bad_request'), (status, json.loads(text)['error']))
                self.assertIn('registry: entity "sp": ', json.loads(text)['detail'])
                self.assertIn(said, text)
        for registry, words, said in ((good | {'ttl': -1}, ['sp'], 'ttl must be 0 to 86400'), (good | {'ttl': 'x'}, ['sp'], 'ttl must be 0 to 86400'),
                                      (good, ['spp'], 'no entity \\"spp\\"'), ({'entities': []}, ['sp'], 'is no registry.json'), ({'entities': {'sp': 7}}, ['sp'], 'det, hhit and zone'),
                                      (good, ['sp', '--port', '65536'], 'field port must be 0 to 65535'), (good, ['sp', '--server', 'ns.example'], 'field server must be an IP address')):
            status, text = self.nrid('zone', 'update', '--registry', json.dumps(registry), '--name', *words)
            self.assertEqual(1, status, said)
            self.assertIn(said, text)

    def test_a_registry_file_cut_at_any_octet_is_refused_or_the_same(self):
        sp = self.make('--cut')['entities']['sp']
        whole = json.dumps({'ttl': 60, 'entities': {'sp': {field: sp[field] for field in ('det', 'zone', 'addresses')} | {'hhit': '8300', 'brid': 'a0'}}})
        wanted = self.nrid('zone', 'update', '--registry', whole, '--name', 'sp')[1]
        questions = '\n'.join(json.dumps({'registry': whole[:size], 'name': 'sp'}) for size in range(1, len(whole)))
        done = subprocess.run([program('nrid'), 'zone', 'update', '-'], input=questions, cwd=self.folder, capture_output=True, text=True, timeout=120, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(whole) - 1, len(answers))
        self.assertTrue(all('error' in answer or answer['text'] == wanted for answer in answers))


if __name__ == '__main__':
    unittest.main()
