"""`nrid resolve` over real name servers: whose record at which level of the chain is to blame, a word for each fault; the published examples
of RFC 9886, at the time when they held, and RFC 9575, below a registry of ours; and the same sentence in the provider's log."""
import ipaddress
import json
import re
import socket
import struct
import subprocess
import time
import unittest

from world import ROOT, World, free_port, peer, program
from demo.names import APEX

EPOCH_2019 = 1546300800
SKEW = 5
DAY = 86400
RFC9575 = json.loads((ROOT / 'tests/vectors/drip/rfc9575_appendix_b.json').read_text())
RFC9886 = json.loads((ROOT / 'tests/vectors/drip/rfc9886_appendix_a.json').read_text())


def nrid(*words):
    done = subprocess.run([program('nrid'), *map(str, words)], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def answer(*words):
    return json.loads(nrid(*words)[1])


def colon(det):
    return str(ipaddress.IPv6Address(bytes.fromhex(det)))


def endorsement(child, parent, not_before, not_after):
    """A Broadcast Endorsement as RFC 9575 section 3.1.2.1 has it, put together here: by a parent that may not as well."""
    body = struct.pack('<II', not_before - EPOCH_2019, not_after - EPOCH_2019) + bytes.fromhex(child['det'] + child['hi'] + parent['det'])
    return body.hex() + answer('ed25519', 'sign', '--key_file', parent['key_file'], '--msg', body.hex())['sig']


class Faults:
    """The zone of the registry, where one aircraft after the other has a fault."""

    def __call__(self, registry):
        now = int(time.time())
        self.now = now
        raa, hda = ({**registry.entity(name), 'key_file': str(registry.key_file(name))} for name in ('raa', 'hda'))
        stranger = str(registry.folder / 'neighbour.key')
        neighbour = {**answer('det', 'key', '--key_file', stranger, '--raa', hda['raa'], '--hda', hda['hda'] + 1), 'key_file': stranger}
        ua = {number: registry.entity(f'ua{number}') for number in range(1, 6)}
        flipped = bytearray.fromhex(ua[4]['be'])
        flipped[100] ^= 1  # in its signature
        zone = registry.zone.read_text()
        for number, be in ((2, endorsement(ua[2], hda, now - 2 * DAY, now - DAY)), (3, endorsement(ua[3], hda, now + DAY, now + 2 * DAY)),
                           (4, flipped.hex()), (5, endorsement(ua[5], neighbour, now - DAY, now + DAY))):
            assert zone.count(ua[number]['be']) == 1
            zone = zone.replace(ua[number]['be'], be)
        registry.zone.write_text(zone + self.orphan(registry, raa) + self.example(registry, raa) + self.published())

    def orphan(self, registry, raa):
        """An aircraft of an HDA that is registered and not published."""
        made, records = self.below(registry, raa, {'name': 'lost', 'type': 'hda', 'hda': 12, 'parent': 'raa', 'publish': False},
                                   {'name': 'orphan', 'type': 'ua', 'parent': 'lost'})
        self.lost, self.orphaned = made['lost'], made['orphan']
        return records

    def example(self, registry, raa):
        """The aircraft of RFC 9575 appendix B, whose HDA nobody knows, below an HDA of that number that is ours."""
        hid = int(RFC9575['det'][:16], 16)
        assert (hid >> 22 & 0x3fff, raa['raa']) == (16376, 16376)
        made, records = self.below(registry, raa, {'name': 'hda', 'type': 'hda', 'hda': hid >> 8 & 0x3fff, 'parent': 'raa'},
                                   {'name': 'example', 'type': 'ua', 'parent': 'hda', 'key': RFC9575['hi']})
        assert made['example']['det'] == RFC9575['det']
        return records

    @staticmethod
    def below(registry, raa, *entities):
        """Entities below the registry's RAA, and the records of those that are published."""
        own = {'name': 'raa', 'type': 'raa', 'raa': raa['raa'], 'hda': 0, 'parent': 'raa', 'key_file': raa['key_file'], 'publish': False}
        folder = registry.folder / entities[-1]['name']
        folder.mkdir()
        status, text = nrid('zone', 'make', '--spec', json.dumps({'entities': [own, *entities]}), '--out', folder)
        assert status == 0, text
        made = json.loads((folder / 'registry.json').read_text())['entities']
        return made, ''.join(line + '\n' for line in (folder / 'zone').read_text().splitlines() if ' TYPE6' in line)

    @staticmethod
    def published():
        """The records of RFC 9886 appendix A as they were printed."""
        records = [(row['owner'], 67, row['rdata']) for row in RFC9886['hhit']]
        records.append((RFC9886['hhit'][-1]['owner'], 68, RFC9886['brid']['rdata']))
        return ''.join(f'{owner} TYPE{kind} \\# {len(rdata) // 2} {rdata}\n' for owner, kind, rdata in records)


class Resolve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.faults = Faults()
        cls.world = World('resolve', flights=5, change=cls.faults)
        cls.addClassCleanup(cls.world.close)
        assert RFC9886['hhit'][-1]['owner'].endswith(APEX)

    def ask(self, det, *more, anchor=None, port=None):
        """Exit status and the answer of the JSON form."""
        status, text = nrid('resolve', det, '--anchor', anchor or self.world.registry.anchor, '--servers',
                            f'127.0.0.1:{port or self.world.names.port}', '--json', *more)
        return status, json.loads(text)

    def refused(self, det, **more):
        status, said = self.ask(det, **more)
        self.assertFalse(said['ok'])
        blamed = [step for step in said['path'] if step['verdict'] not in ('good', 'open')]
        self.assertEqual(1, len(blamed), said)
        self.assertEqual(said['error'], blamed[0]['verdict'])
        self.assertTrue(said['detail'].startswith(f'{colon(det)}: level {blamed[0]["level"]}, {blamed[0]["record"]} record of {blamed[0]["det"]}: '), said)
        return status, said['error'], said['state'], blamed[0]

    def test_a_good_one_is_trusted_level_by_level(self):
        det = self.world.det('ua1')
        status, said = self.ask(det, '--require-ad')
        self.assertEqual((0, True, 'trusted', True), (status, said['ok'], said['state'], said['dnssec']))
        self.assertEqual(self.world.registry.entity('ua1')['hi'], said['hi'])
        ua, hda, raa = (colon(self.world.det(name)) for name in ('ua1', 'hda', 'raa'))
        self.assertEqual([(1, ua, 'HHIT'), (1, ua, 'BRID'), (2, hda, 'HHIT'), (2, hda, 'BRID'), (3, raa, 'anchor')],
                         [(step['level'], step['det'], step['record']) for step in said['path']])
        self.assertEqual({'good'}, {step['verdict'] for step in said['path']})
        self.assertTrue(all(step['valid_until'] > self.faults.now for step in said['path'][:-1]))

    def test_each_fault_has_its_own_word_and_names_its_place(self):
        unknown = self.world.det('ua1')[:-1] + ('0' if self.world.det('ua1')[-1] != '0' else '1')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(('127.0.0.1', 0))
            silent = mute.getsockname()[1]
            cases = (('ua2', {}, 1, 'endorsement_expired', 'unverified', 1, 'BRID'),
                     ('ua3', {}, 1, 'endorsement_not_yet_valid', 'unverified', 1, 'BRID'),
                     ('ua4', {}, 1, 'bad_endorsement', 'unverified', 1, 'BRID'),
                     ('ua5', {}, 1, 'endorsement_parent', 'unverified', 1, 'BRID'),
                     (self.faults.orphaned['det'], {}, 1, 'untrusted_chain', 'unverifiable', 2, 'HHIT'),
                     (unknown, {}, 1, 'dns_nxdomain', 'unverifiable', 1, 'HHIT'),
                     ('ua1', {'port': silent}, 3, 'dns_timeout', 'unverifiable', 1, 'HHIT'),
                     ('ua1', {'port': free_port()}, 3, 'dns_unreachable', 'unverifiable', 1, 'HHIT'))
            for who, how, *wanted in cases:
                with self.subTest(wanted[1]):
                    det = self.world.det(who) if who.startswith('ua') else who
                    status, word, state, blamed = self.refused(det, **how)
                    self.assertEqual(wanted, [status, word, state, blamed['level'], blamed['record']])
                    self.assertEqual(colon(self.faults.lost['det'] if wanted[3] == 2 else det), blamed['det'])
            self.assertEqual(len(cases), len({case[3] for case in cases}))

    def test_lines_for_people_say_the_same(self):
        words = ('--anchor', self.world.registry.anchor, '--servers', f'127.0.0.1:{self.world.names.port}')
        status, text = nrid('resolve', self.world.det('ua1'), *words)
        self.assertEqual(0, status, text)
        self.assertRegex(text, r'^state +trusted\n')
        self.assertEqual(5, len(re.findall(r'^level [123] .* good$', text, re.MULTILINE)), text)
        self.assertRegex(text, rf'(?m)^level 3 +{colon(self.world.det("raa"))} +anchor +good$')
        status, text = nrid('resolve', self.world.det('ua4'), *words)
        self.assertEqual(1, status, text)
        self.assertRegex(text, r'^state +unverified\nerror +bad_endorsement\ndetail +\S+: level 1, BRID record of ')
        self.assertRegex(text, rf'(?m)^level 1 +{colon(self.world.det("ua4"))} +BRID +until \S+Z +bad_endorsement$')

    def test_what_is_no_question_has_a_status_of_its_own(self):
        self.assertEqual(2, nrid('resolve', 'no det', '--anchor', self.world.registry.anchor)[0])
        self.assertEqual(2, nrid('resolve', self.world.det('ua1'), '--anchor', '00=11')[0])
        self.assertEqual(2, nrid('resolve', self.world.det('ua1'))[0])
        status, said = self.ask('20010db8000000000000000000000001')
        self.assertEqual((1, 'bad_kid', 'unsupported', []), (status, said['error'], said['state'], said['path']))

    def test_rfc_9886_appendix_a_resolves_whole_inside_its_window_and_not_outside(self):
        row = {entry['name']: entry for entry in RFC9886['hhit']}
        uas = row['UAS']['det']
        anchor = {name: f'{row[name]["det"]}={row[name]["hi"]}' for name in ('RAA', 'HDA-I')}
        window = {be['child']: (be['vnb_le'], be['vna_le']) for be in RFC9886['brid']['endorsements']}
        opens = window[uas][0]
        # By the RAA the chain ends with its HDA-A; by the HDA-I, which is then believed as it is, with the UAS itself.
        for by, levels, closes, last in (('RAA', 3, window[row['HDA-A']['det']][1], 'HDA-A'), ('HDA-I', 1, window[uas][1], 'UAS')):
            for now in (opens, (opens + closes) // 2, closes):
                status, said = self.ask(uas, '--now', now, anchor=anchor[by])
                self.assertEqual((0, 'trusted', row['UAS']['hi']), (status, said['state'], said.get('hi')), said)
                self.assertEqual(2 * levels + 1, len(said['path']))
                self.assertEqual({'good'}, {step['verdict'] for step in said['path']})
                self.assertLessEqual(said['valid_until'], closes)
            # Its certificates have the windows of its endorsements, and no skew.
            for outside in (1, SKEW + 1):
                for now, word, who, level in ((opens - outside, 'certificate_not_yet_valid', 'UAS', 1), (closes + outside, 'certificate_expired', last, levels)):
                    status, said = self.ask(uas, '--now', now, anchor=anchor[by])
                    self.assertEqual((1, word, 'unverified'), (status, said.get('error'), said['state']), said)
                    self.assertIn(f': level {level}, HHIT record of {colon(row[who]["det"])}: certificate of ', said['detail'])

    def test_rfc_9575_appendix_b_resolves_and_its_wrapper_and_manifest_verify(self):
        status, said = self.ask(RFC9575['det'], '--require-ad')
        self.assertEqual((0, 'trusted', RFC9575['hi']), (status, said['state'], said['hi']), said)
        for page in ('wrapper', 'manifest'):
            held = RFC9575[page]
            for signature, good in ((held['signature'], True), (held['signature'][:-1] + '0', False)):
                found = answer('ed25519', 'verify', '--key', said['hi'], '--msg', held['signed_bytes'], '--sig', signature)
                self.assertEqual(good, found['ok'], (page, found))

    def test_rfc_9886_appendix_a_is_believed_by_its_own_authorities_alone(self):
        status, said = self.ask(RFC9886['hhit'][-1]['det'], '--now', RFC9886['brid']['endorsements'][-1]['vnb_le'])
        self.assertEqual((1, 'untrusted_chain', 'unverifiable'), (status, said['error'], said['state']))
        self.assertEqual([(level, 'HHIT') for level in (1, 2, 3, 4)], [(step['level'], step['record']) for step in said['path'] if step['record'] == 'HHIT'])

    def test_the_provider_says_the_same_in_its_log(self):
        server = self.world.start_server()
        for name, word in (('ua4', 'bad_endorsement'), ('ua3', 'endorsement_not_yet_valid')):
            status, said = self.ask(self.world.det(name))
            self.assertEqual(1, status)
            for _ in range(3):
                peer('post', port=server.plain, payload=self.world.report(name, name)['cwt'], options={'Content-Format': 61})
            told = self.world.wait_for('the event', lambda name=name: re.findall(
                rf'warning event=flight what=unverifiable ua={colon(self.world.det(name))} operation=0 detail="(.*)"', server.part.text()))
            without_times = [re.sub(r', now is \S+', '', text) for text in (told[0], f'{word}: {said["detail"]}')]
            self.assertEqual(without_times[1], without_times[0])
            self.assertEqual(1, len(told))
            self.assertEqual(3, server.metrics()['refused'][word])


if __name__ == '__main__':
    unittest.main()
