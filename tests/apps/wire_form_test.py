"""Everything that nridd and nrid-gateway put on the wire, taken down by a relay between them and judged by tests/peers/wire.mjs (own CoAP
and CBOR readers, cbor-x, node's crypto): form by the CDDL, sizes, signatures; and when it leaves, by the relay's clock. What is compressed with
SCHC is first read by schc_by_hand.py."""
import json
import secrets
import socket
import subprocess
import time
import unittest

import schc_by_hand
from relay import Relay
from world import BUILD, ROOT, Failure, World
from demo.programs import Server

P, N, M = 5.0, 3.0, 12.0
TRY, JITTER, LATE = 2.0, 0.2, 0.35   # try_interval +-20 %; what a busy machine may add
SECONDS = 17                         # of the flight: three timed Heartbeats


def judged(datagrams, keys):
    """wire.mjs on (way, octets) pairs."""
    question = {'messages': [{'way': way, 'hex': octets.hex()} for way, octets in datagrams], 'keys': keys}
    done = subprocess.run(['node', ROOT / 'tests/peers/wire.mjs'], input=json.dumps(question), capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode != 0:
        raise Failure(f'wire.mjs: {done.stderr.strip()[-500:]}')
    return json.loads(done.stdout)


class Taken(dict):
    """One message: what wire.mjs read, `at`, `wall`, `up`; `packed`, the octets on the wire."""


class WireForm(unittest.TestCase):
    """Four gateways fly at once, each through a relay of its own: heard, never answered, no longer answered, and heard over SCHC."""

    @classmethod
    def setUpClass(cls):
        cls.world = World('wire-form', flights=4)
        cls.addClassCleanup(cls.world.close)
        world = cls.world
        world.server = Server(world.stage, world.registry, world.names.port, world.pairs)
        text = world.server.config.read_text()
        world.server.config.write_text(text.replace('[policy]\n', '[policy]\nrequired = ["basic", "location", "system", "operator", "self"]\n'))
        world.server.start()
        cls.keys = {entity['det']: entity['hi'] for entity in world.registry.entities.values()}
        cls.relays = [Relay(world.server.plain) for _ in range(4)]
        for relay in cls.relays:
            cls.addClassCleanup(relay.close)
        cls.heard, cls.mute, cls.lost, cls.errors = cls.relays
        cls.schc, cls.schc_errors = Relay(world.server.schc), Relay(world.server.schc)
        for relay in (cls.schc, cls.schc_errors):
            cls.addClassCleanup(relay.close)
        cls.mute.swallow = lambda up, octets: not up
        cls.started = time.monotonic()
        cls.lost.swallow = lambda up, octets: not up and time.monotonic() - cls.started > 4
        flights = [cls.fly(1, cls.heard), cls.fly(2, cls.mute), cls.fly(3, cls.lost, 'heartbeat_timeout = 6\nresend_after = 2'), cls.fly(4, cls.schc, transport='schc')]
        cls.status = [gateway.part.wait(90) for gateway in flights]
        cls.tails = [gateway.part.tail() for gateway in flights]
        cls.taken = {name: cls.read(getattr(cls, name)) for name in ('heard', 'mute', 'lost', 'schc')}

    @classmethod
    def fly(cls, number, relay, timers='', transport='plain'):
        world = cls.world
        file = world.stage.work / f'flight{number}.csv'
        rows = ''.join(f'{t},47.39{t:05d},8.54,455,10,5,0,0,airborne\n' for t in range(SECONDS))
        file.write_text('# operator_id: CHE87astrdge12k8\n# operation_description: Wire\n'
                        't_s,lat,lon,alt_m,height_m,speed_mps,track_deg,vspeed_mps,status\n' + rows)
        gateway = world.gateway(number, file, transport=transport, timers=timers)
        old = world.server.plain if transport == 'plain' else world.server.schc
        text = gateway.config.read_text().replace(f'port = {old}\n', f'port = {relay.port}\n', 1)
        gateway.config.write_text(text)
        return gateway.start()

    @classmethod
    def read(cls, relay):
        seen = relay.messages()
        plain = [('up' if one.up else 'down', one.octets) for one in seen]
        if relay is cls.schc:
            plain = [(way, schc_by_hand.decompress(way, octets)) for way, octets in plain]
        read = judged(plain, cls.keys)
        return [Taken(message, at=one.at, wall=one.wall, up=one.up, packed=one.octets) for one, message in zip(seen, read)]

    def of(self, name, **wanted):
        """Messages of a relay: up, type, code, and `subject` of the token inside."""
        subject = wanted.pop('subject', None)
        return [m for m in self.taken[name] if all(m.get(key) == value for key, value in wanted.items()) and
                (subject is None or m.get('token_in', {}).get('subject') == subject)]

    def answers(self, name):
        """(request, response) by token: piggybacked in the ACK of the request's id, or apart behind an empty ACK when a key had to be fetched
        first (RFC 7252 sections 5.2.1, 5.2.2, R-009)."""
        pairs = []
        empty = {m['id'] for m in self.of(name, up=False, type='ACK', code='0.00')}
        for response in self.taken[name]:
            if response['up'] or response['code'] < '2':
                continue
            asked = [m for m in self.taken[name] if m['up'] and m['type'] == 'CON' and m['token'] == response['token'] and m['at'] <= response['at']]
            self.assertEqual(len(asked), 1, response)
            apart = asked[0]['id'] in empty
            self.assertEqual(response['type'], 'NON' if apart else 'ACK')
            self.assertEqual(response['id'] == asked[0]['id'], not apart)
            pairs.append((asked[0], response))
        return pairs

    def test_every_octet_is_what_the_standards_say(self):
        for name, taken in self.taken.items():
            self.assertGreater(len(taken), 3, self.tails)
            for message in taken:
                self.assertEqual(message['faults'], [], (name, message))

    def test_the_flight_was_flown_and_the_other_two_were_not(self):
        self.assertEqual(self.status[0], 0, self.tails[0])
        self.assertEqual(self.status[1], 2, 'start failed\n' + self.tails[1])
        self.assertEqual(self.status[2], 3, 'provider lost\n' + self.tails[2])
        self.assertEqual(self.status[3], 0, self.tails[3])

    def test_tokens_say_who_when_and_to_whom(self):
        for name, taken in self.taken.items():
            for message in taken:
                token = message.get('token_in')
                if not token:
                    continue
                self.assertEqual(token['exp'] - token['iat'], 10)
                # iat is the second of sending; more messages of the same second take the next ones, at most four ahead.
                self.assertLessEqual(abs(token['iat'] - message['wall']), 4.1, (name, message))
                number = {'heard': 1, 'mute': 2, 'lost': 3, 'schc': 4}[name]
                ua, gateway = self.world.det(f'ua{number}'), self.world.det(f'gw{number}')
                self.assertEqual(token['kid'], gateway if message['up'] else self.world.det('sp'))
                self.assertEqual(token['to'], self.world.det('sp') if message['up'] else ua)
                if token.get('pack', {}).get('wrapper'):
                    self.assertEqual(token['pack']['wrapper'], ua)
                if token.get('end') in (0, 3):
                    self.assertEqual(token['ua'], ua, 'kid is not the aircraft')

    def test_sizes_are_those_of_the_vectors(self):
        sizes = {m['token_in']['size'] for m in self.of('heard', up=False, subject='NRID-USS')}
        self.assertEqual(sizes, {152}, 'a Heartbeat without pages')
        self.assertEqual({m['token_in']['size'] for m in self.of('heard', up=True, subject='NRID-EOO')}, {175})
        self.assertEqual({m['token_in']['size'] for m in self.of('heard', up=False, subject='NRID-EOO')}, {156})
        first = self.of('heard', up=True, subject='NRID-UAS')[0]['token_in']
        self.assertEqual((first['size'], first['pack']['size'], first['pack']['wrapped']), (386, 228, 4), 'nine messages: four and five pages')
        flown = {(m['token_in']['size'], m['token_in']['pack']['size']) for m in self.flight()}
        self.assertEqual(flown, {(309, 153)}, 'six messages: a Location and five pages')

    def test_the_start_phase_asks_until_nothing_is_missing(self):
        answers = [(asked, answer) for asked, answer in self.answers('heard') if answer.get('token_in', {}).get('subject') == 'NRID-USS']
        self.assertEqual([answer['token_in']['expected'] for _, answer in answers[:2]], [[1 << 3], [0]], 'Self-ID, then nothing')
        asked = answers[1][0]['token_in']['pack']
        self.assertTrue(asked['types'] >> 3 & 1, 'the second packet holds the Self-ID')
        for asked, answer in answers:
            self.assertEqual(answer['code'], '2.04')
            self.assertLess(answer['at'] - asked['at'], 1.0)

    def flight(self, name='heard'):
        return [m for m in self.of(name, up=True, type='NON', subject='NRID-UAS') if m['token_in']['pack'].get('latitude') is not None]

    def test_positions_leave_once_a_second_non_confirmable_and_unanswered(self):
        flown = self.flight()
        self.assertGreaterEqual(len(flown), SECONDS - 1)
        gaps = [later['at'] - earlier['at'] for earlier, later in zip(flown, flown[1:])]
        for gap in gaps[:-1]:
            self.assertAlmostEqual(gap, 1.0, delta=LATE)
        places = {m['token_in']['pack']['latitude'] for m in flown}
        self.assertLessEqual(places, {473900000 + t for t in range(SECONDS)})
        self.assertEqual(len(places), SECONDS, 'every sample of the file')
        tokens = {m['token'] for m in flown}
        self.assertFalse([m for m in self.taken['heard'] if not m['up'] and m['token'] in tokens], 'no answer to a NON in flight')

    def test_timed_heartbeats_come_every_period_confirmable_until_the_path_is_proven(self):
        timed = self.of('heard', up=False, code='0.02')
        self.assertEqual(len(timed), SECONDS // int(P))
        given = {m['echo'] for m in self.of('heard', up=False)} - {None}
        back = [m for m in self.of('heard', up=True) if m['echo']]
        self.assertTrue(back, 'the gateway gives the Echo value back')
        self.assertLessEqual({m['echo'] for m in back}, given, 'and no other')
        self.assertEqual([m['type'] for m in timed], ['NON' if back[0]['at'] < m['at'] else 'CON' for m in timed])
        self.assertEqual({len(m['token']) for m in timed}, {16}, 'eight random octets')
        self.assertEqual(len({m['token'] for m in timed}), len(timed))
        before = [answer for _, answer in self.answers('heard') if answer.get('token_in', {}).get('subject') == 'NRID-USS'][-1]
        for number, (earlier, later) in enumerate(zip([before, *timed], timed)):
            lead = P / 10 if number == 0 else 0  # the first of a row comes early by up to a tenth, by the aircraft's name
            gap = later['at'] - earlier['at']
            self.assertTrue(P - lead - LATE <= gap <= P + LATE, gap)
            self.assertEqual(later['token_in']['expected'], [0])
        proof = self.of('heard', up=True, type='ACK')
        asked = [m for m in timed if m['type'] == 'CON']
        self.assertEqual([(m['code'], m['id'], m['token'], m['size']) for m in proof], [('2.04', m['id'], m['token'], 12) for m in asked],
                         'the confirmable ones are answered with their token, the others are not')

    def test_the_end_is_acknowledged_by_the_iat_that_it_names(self):
        ends = self.of('heard', up=True, subject='NRID-EOO')
        self.assertEqual(len(ends), 1)
        self.assertEqual((ends[0]['type'], ends[0]['token_in']['end']), ('CON', 0))
        self.assertEqual(ends[0]['token_in']['ref'], self.flight()[-1]['token_in']['iat'], 'time of the last Location')
        answer = next(answer for asked, answer in self.answers('heard') if asked is ends[0])
        self.assertEqual((answer['token_in']['end'], answer['token_in']['ref']), (1, ends[0]['token_in']['iat']))
        self.assertFalse([m for m in self.taken['heard'] if not m['up'] and m['at'] > answer['at']], 'no Heartbeat after the end')

    def assert_tries(self, sent, count):
        """A series of tries: new message id, token and iat each, two seconds apart +-20 %."""
        self.assertEqual(len(sent), count)
        for what in ('id', 'token'):
            self.assertEqual(len({m[what] for m in sent}), count)
        stamps = [m['token_in']['iat'] for m in sent]
        self.assertEqual(stamps, sorted(set(stamps)), 'each try is a newer token')
        for earlier, later in zip(sent, sent[1:]):
            gap = later['at'] - earlier['at']
            self.assertTrue(TRY * (1 - JITTER) - 0.05 <= gap <= TRY * (1 + JITTER) + LATE, gap)

    def test_a_mute_provider_gets_four_tries_and_no_fifth(self):
        sent = self.of('mute', up=True)
        self.assert_tries(sent, 4)
        self.assertEqual({m['type'] for m in sent}, {'CON'})
        self.assertEqual(len({m['token_in']['pack']['signature'] for m in sent}), 1, 'the Wrapper is not signed again')

    def test_a_provider_that_falls_silent_gets_four_resends_then_the_end_in_four_tries(self):
        heard = [m for m in self.of('lost', up=False, subject='NRID-USS') if m['at'] - self.started <= 4]
        flown = [m for m in self.of('lost', up=True, type='NON', subject='NRID-UAS')]
        wrappers = [m['token_in']['pack']['signature'] for m in flown]
        resent = [m for i, m in enumerate(flown) if wrappers[i] in wrappers[:i]]
        self.assert_tries(resent, 4)
        self.assertAlmostEqual(resent[0]['at'] - heard[-1]['at'], 6.0, delta=LATE)
        ends = self.of('lost', up=True, subject='NRID-EOO')
        self.assert_tries(ends, 4)
        self.assertEqual({m['token_in']['end'] for m in ends}, {3}, 'aborted')

    def test_message_ids_and_tokens_are_never_used_twice(self):
        for name in self.taken:
            for up in (True, False):
                own = [m for m in self.taken[name] if m['up'] == up and m['type'] in ('CON', 'NON')]
                self.assertEqual(len({m['id'] for m in own}), len(own), name)
                self.assertEqual(len({m['token'] for m in own}), len(own), name)

    def test_no_answer_is_longer_than_its_question_and_nothing_amplifies(self):
        for asked, answer in self.answers('heard') + self.answers('lost'):
            self.assertLessEqual(answer['size'], 1.1 * asked['size'])
        for name in self.taken:
            up = down = 0
            for message in self.taken[name]:
                up, down = up + message['size'] * message['up'], down + message['size'] * (not message['up'])
                self.assertLessEqual(down, 3 * up)

    def test_schc_sends_what_no_rule_knows_and_nothing_else(self):
        # RuleID, and how many octets of the datagram are not payload: 8 bits, index of the type, message id, token
        rules = {('up', '0.02'): (1, 8), ('up', '2.04'): (12, 12), ('down', '2.04'): (2, 8), ('down', '0.00'): (6, 4), ('down', '0.02'): (10, 12)}
        used = set()
        for m in self.taken['schc']:
            way = 'up' if m['up'] else 'down'
            rule, rest = rules[way, m['code']]
            used.add(rule)
            self.assertEqual(m['packed'][0], rule, m)
            self.assertEqual(len(m['packed']), rest + m.get('token_in', {}).get('size', 0), m)
            plain = schc_by_hand.decompress(way, m['packed'])
            payload = plain[plain.index(b'\xff\xd2') + 1:] if m.get('token_in') else b''
            self.assertEqual(m['packed'], schc_by_hand.compress(rule, m['type'], m['code'], m['id'], bytes.fromhex(m['token']), payload))
        self.assertLessEqual({1, 2, 10, 12}, used)

    def test_over_schc_the_same_is_said_as_without(self):
        def tokens(name, up, subject):
            return [m['token_in'] for m in self.of(name, up=up, subject=subject)]
        flown = self.flight('schc')
        self.assertEqual({m['token_in']['pack']['latitude'] for m in flown}, {473900000 + t for t in range(SECONDS)}, 'every sample of the file')
        self.assertEqual({(token['size'], token['pack']['size']) for token in (m['token_in'] for m in flown)}, {(309, 153)})
        for up, subject in ((True, 'NRID-EOO'), (False, 'NRID-EOO'), (False, 'NRID-USS')):
            self.assertEqual({token['size'] for token in tokens('schc', up, subject)}, {token['size'] for token in tokens('heard', up, subject)})
        self.assertEqual({m['echo'] for m in self.taken['schc']}, {None}, 'no rule carries Echo beside a Heartbeat')
        timed = self.of('schc', up=False, code='0.02')
        self.assertEqual(len(timed), SECONDS // int(P))
        proof = self.of('schc', up=True, type='ACK')
        self.assertEqual([m['type'] for m in timed], ['CON', 'NON', 'NON'], 'until its 2.04 has proven the path')
        self.assertEqual([(m['code'], m['id'], m['token']) for m in proof], [('2.04', timed[0]['id'], timed[0]['token'])])

    def ask(self, octets, wait=1.0):
        """One datagram of ours through the relay: what came back, judged."""
        answer = self.exchange(self.errors, octets, wait)
        return answer and judged([('down', answer)], self.keys)[0]

    @staticmethod
    def exchange(relay, octets, wait=1.0):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(wait)
            sock.connect(('127.0.0.1', relay.port))
            sock.send(octets)
            try:
                return sock.recv(4096)
            except TimeoutError:
                return None

    def test_errors_over_schc_come_in_the_rule_that_knows_them(self):
        path, form, ours = bytes.fromhex('b46e726964'), bytes.fromhex('113d'), b'\xd2'
        whole = lambda code, rest: lambda number, token: bytes([0, 0x44, code]) + number.to_bytes(2, 'big') + token + rest  # RuleID 0
        cases = [('4.00', 3, lambda number, token: schc_by_hand.compress(1, 'CON', '0.02', number, token, ours)),
                 ('4.00', 3, lambda number, token: schc_by_hand.compress(5, 'CON', '0.02', number, token, ours, echo=b'12345678')),
                 ('4.00', 3, whole(2, path + form + b'\xff' + ours)), ('4.04', 3, whole(2, b'\xb2no' + form + b'\xff' + ours)), ('4.05', 3, whole(1, path)),
                 ('4.15', 3, whole(2, path + b'\x10\xff' + ours)), ('4.13', 0, whole(2, path + form + b'\xff' + bytes(1025))), ('5.05', 0, whole(2, path + form + b'\xd1\x0a\x78'))]
        for wanted, rule, ask in cases:
            with self.subTest(wanted):
                token, number = secrets.token_bytes(4), int.from_bytes(secrets.token_bytes(2), 'big')
                packed = self.exchange(self.schc_errors, ask(number, token))
                self.assertEqual(packed[0], rule)
                answer = judged([('down', schc_by_hand.decompress('down', packed))], self.keys)[0]
                self.assertEqual((answer['code'], answer['type'], answer['id'], answer['token'], answer['faults'], answer['text']), (wanted, 'ACK', number, token.hex(), [], ''))
                if rule:
                    self.assertEqual(packed, schc_by_hand.compress(rule, 'ACK', wanted, number, token))
        ping = schc_by_hand.compress(6, 'CON', '0.00', 0x1234, b'')
        self.assertEqual(self.exchange(self.schc_errors, ping), schc_by_hand.compress(6, 'RST', '0.00', 0x1234, b''))
        down = schc_by_hand.compress(10, 'CON', '0.02', 0x1234, bytes(8), ours)
        for silence in (b'\x08' + ping[1:], b'\x40\x00\x12\x34', ping[:3], b'\x01', down, b'\x00', b'\x00\x44'):
            self.assertIsNone(self.exchange(self.schc_errors, silence, wait=0.2), silence.hex())

    def test_errors_are_bare_codes_and_junk_gets_a_reset_or_nothing(self):
        path, form = bytes.fromhex('b46e726964'), bytes.fromhex('113d')
        ours = path + form + b'\xff\xd2'
        cases = [('4.04', 0x02, bytes.fromhex('b26e6f') + form + b'\xff\xd2'), ('4.05', 0x01, path), ('4.06', 0x02, path + form + b'\x50\xff\xd2'),
                 ('4.15', 0x02, path + b'\x10\xff\xd2'), ('4.02', 0x02, path + form + b'\xd1\x02\x08\xff\xd2'), ('5.05', 0x02, path + form + b'\xd1\x0a\x78'),
                 ('4.00', 0x02, ours), ('4.13', 0x02, path + form + b'\xff' + bytes(1025))]
        for wanted, code, rest in cases:
            with self.subTest(wanted):
                token, number = secrets.token_bytes(4), secrets.token_bytes(2)
                answer = self.ask(bytes([0x44, code]) + number + token + rest)
                self.assertEqual((answer['code'], answer['type'], answer['id'], answer['token'], answer['faults']),
                                 (wanted, 'ACK', int.from_bytes(number, 'big'), token.hex(), []))
                self.assertEqual(answer['text'], '', 'no payload to a peer that proved nothing')
                self.assertEqual([option for option, _ in answer['options']], [60] if wanted == '4.13' else [])
                self.assertIsNone(self.ask(bytes([0x54, code]) + number + token + rest, wait=0.2), 'NON: silence')
        for junk in (b'\x40\x00\x12\x34', b'\x49\x02\x12\x34', b'\x40\x20\x12\x34', b'\x40\x02\x12\x34\xf0'):
            answer = self.ask(junk)
            self.assertEqual((answer['type'], answer['code'], answer['id'], answer['size']), ('RST', '0.00', 0x1234, 4), junk.hex())
        for silence in (b'\x00\x02\x12\x34', b'\x40\x02\x12', b'\x70\x00\x12\x34', b'\x60\x00\x12\x34', b'\x50\x00\x12\x34', bytes(1281)):
            self.assertIsNone(self.ask(silence, wait=0.2), silence[:4].hex())


class SeldomWords(unittest.TestCase):
    """What a provider says only when a module or a list of peers makes it: its real server in one process writes it (tests/nrid/wire_dump.cc)."""

    @classmethod
    def setUpClass(cls):
        done = subprocess.run([BUILD / 'tests/nrid/wire_dump'], capture_output=True, text=True, timeout=60, check=True)
        cls.said = json.loads(done.stdout)
        read = judged([('down', bytes.fromhex(message['hex'])) for message in cls.said['messages']], cls.said['keys'])
        cls.words = {}
        for message, judgement in zip(cls.said['messages'], read):
            cls.words.setdefault(message['what'], []).append(judgement)

    def one(self, what):
        self.assertEqual(len(self.words[what]), 1, self.words.get(what))
        self.assertEqual(self.words[what][0]['faults'], [], what)
        return self.words[what][0]

    def test_redirects_carry_an_endorsement_of_136_octets_and_one_of_three_addresses(self):
        places = {54: ('20010db8000000000000000000000001', 329), 52: ('c0000201', 317), 32: ('coap://192.0.2.1:5683', 313 + 21)}  # under 24 octets a text has a head of one
        for tag, (place, size) in places.items():
            word = self.one(f'redirect {tag}')
            token = word['token_in']
            self.assertEqual((token['subject'], word['code'], token['size']), ('NRID-USS', '0.02', size))
            self.assertEqual((token['move']['sp'], token['move']['tag'], token['move']['place']), (self.said['other'], tag, place))
            self.assertLess(token['move']['before'], token['iat'])
            self.assertGreater(token['move']['after'], token['iat'])

    def test_an_end_by_the_provider_is_code_2(self):
        token = self.one('end by the provider')['token_in']
        self.assertEqual((token['subject'], token['end'], token['ref'], token['ua'], token['size']), ('NRID-EOO', 2, token['iat'], None, 156))

    def test_an_unknown_wrapper_key_is_answered_with_the_question_for_its_link(self):
        words = [word for word in self.words['link'] if word.get('token_in')]
        self.assertEqual([word['faults'] for word in words], [[]])
        self.assertEqual(words[0]['token_in']['expected'], [1 << 2, 0x7f])

    def test_refusals_of_authenticated_peers_say_the_word(self):
        for what, code in (('not_owner', '4.03'), ('wrapper_signature', '4.01')):
            word = self.one(what)
            self.assertEqual((word['code'], word['text'], word['options']), (code, what, []))


if __name__ == '__main__':
    unittest.main()
