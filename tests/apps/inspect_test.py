"""The inspector as its users call it: one case as arguments, many as JSON lines; over the project's vectors."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from world import ROOT, program

VECTORS = ROOT / 'tests/vectors'
RULES = ROOT / 'schc/rules/nrid.json'


def vectors(name):
    return json.loads((VECTORS / name).read_text())


def once(*arguments):
    """Exit status and the answer of one case."""
    done = subprocess.run([program('nrid'), *arguments], capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def lines(command, questions):
    """Answers to many cases through the line form; every line must get one, in order."""
    text = '\n'.join(question if isinstance(question, str) else json.dumps(question) for question in questions)
    done = subprocess.run([program('nrid'), *command.split(), '-'], input=text + '\n', capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions), f'{len(answers)} answers to {len(questions)} lines'
    return answers


def key_file(case, seed, mode=0o600):
    """A key file that goes with the test case."""
    folder = pathlib.Path(tempfile.mkdtemp())
    case.addCleanup(shutil.rmtree, folder)
    file = folder / 'some.key'
    file.write_text(seed + '\n')
    file.chmod(mode)
    return file


def tokens():
    """Name and octets of every generated token."""
    cwt = vectors('drip/nrid_generated.json')['cwt']
    items = cwt.items() if isinstance(cwt, dict) else [(entry['name'], entry) for entry in cwt]
    for name, entry in items:
        yield name, entry if isinstance(entry, str) else entry['message']


class Lines(unittest.TestCase):
    def test_every_line_gets_an_answer(self):
        answers = lines('coap decode', ['not json', '[]', '{}', '{"hex": 7}', '{"hex": "0"}', {'hex': '40017d34', 'unknown': 1}])
        self.assertEqual(['bad_request'] * 5, [answer['error'] for answer in answers[:5]])
        self.assertNotIn('error', answers[5])

    def test_deep_nesting_is_refused_and_the_next_line_answered(self):
        deep = '{"rules":' + '[' * 100_000 + ']' * 100_000 + ',"direction":"up","hex":"40010001"}'
        answers = lines('schc compress', [deep, {'rules': str(RULES), 'direction': 'Dw', 'hex': '4001000'}])
        self.assertEqual(['bad_request'] * 2, [answer['error'] for answer in answers])

    def test_exit_status_of_one_case(self):
        self.assertEqual(0, once('coap', 'decode', '40017d34')[0])
        self.assertEqual(1, once('coap', 'decode', '80017d34')[0])
        self.assertEqual(2, once('coap', 'decode', '40017d34', 'too', 'many')[0])
        self.assertEqual(2, once('nonsense')[0])
        self.assertEqual(0, once('--help')[0])

    def test_a_wrong_word_is_named_and_the_right_ones_are_listed(self):
        groups = set(re.findall(r'^  (\w+) ', once('--help')[1].split('Subcommands:')[1], re.MULTILINE))
        self.assertGreaterEqual(len(groups), 11)
        status, text = once('foo')
        self.assertEqual((2, 1), (status, len(text.splitlines())), text)
        self.assertIn('nrid: no subcommand "foo"', text)
        self.assertEqual(groups, set(re.search(r'there are ([\w, ]+) \(', text)[1].split(', ')))
        with_commands = 0
        for group in groups:
            shown = once(group, '--help')[1]
            if 'Subcommands:' not in shown:
                continue
            with_commands += 1
            below = set(re.findall(r'^  ([\w-]+) ', shown.split('Subcommands:')[1], re.MULTILINE))
            for words, said in (((group, 'foo', '--hex', '00'), f'nrid {group}: no subcommand "foo"; there are '), ((group,), f'nrid {group}: a subcommand is wanted: ')):
                status, text = once(*words)
                self.assertEqual((2, 1), (status, len(text.splitlines())), text)
                self.assertTrue(text.startswith(said), text)
                self.assertEqual(below, set(text[len(said):].split(' (')[0].split(', ')))
        self.assertGreaterEqual(with_commands, 9)


class Ed25519(unittest.TestCase):
    def test_wycheproof_verdicts(self):
        questions, expected = [], []
        for group in vectors('ed25519/ed25519_test.json')['testGroups']:
            for case in group['tests']:
                questions.append({'key': group['publicKey']['pk'], 'msg': case['msg'], 'sig': case['sig']})
                expected.append(case['result'] == 'valid')
        self.assertEqual(expected, [answer['ok'] for answer in lines('ed25519 verify', questions)])
        for backend in ('avx2', 'avx512'):
            if once('ed25519', 'sign', '--key_file', key_file(self, '00' * 32), '--msg', '', '--backend', backend)[0] == 0:  # the processor has it
                self.assertEqual(expected, [answer['ok'] for answer in lines(f'ed25519 verify --backend {backend}', questions)], backend)
        self.assertGreater(len(questions), 140)

    def test_sign_and_a_back_end_that_is_not_there(self):
        for case in vectors('ed25519/rfc8032_section7_1.json'):
            status, text = once('ed25519', 'sign', '--key_file', key_file(self, case['seed']), '--msg', case['msg'])
            self.assertEqual((0, case['signature']), (status, json.loads(text)['sig']))
        status, text = once('ed25519', 'verify', '--key', '00' * 32, '--msg', '', '--sig', '00' * 64, '--backend', 'abacus')
        self.assertEqual(1, status)
        self.assertIn('libsodium', text)

    def test_a_processor_without_vector_instructions(self):
        done = subprocess.run([program('nrid'), 'ed25519', 'verify', '--backend', 'avx512', '--processor-max', 'plain', '-'], input='{}\n',
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((1, '', 'nrid: the processor lacks what back end avx512 needs; it has: plain\n'), (done.returncode, done.stdout, done.stderr))


class Tokens(unittest.TestCase):
    def setUp(self):
        self.made = vectors('drip/nrid_generated.json')
        self.keys = {entity['det']: entity['hi'] for entity in self.made['entities']}

    def test_generated_tokens_verify(self):
        named = list(tokens())
        self.assertEqual(12, len(named))
        decoded = lines('cwt decode', [{'hex': octets} for _, octets in named])
        questions = []
        for (_, octets), answer in zip(named, decoded):
            kid = answer['claims']['kid'].replace(':', '')
            det = next(det for det in self.keys if kid == det or answer['claims']['kid'] == self.text_of(det))
            questions.append({'hex': octets, 'key': self.keys[det], 'now': answer['claims']['iat']})
        self.assertEqual([True] * 12, [answer['ok'] for answer in lines('cwt verify', questions)])

        late = [question | {'now': question['now'] + 60} for question in questions]
        self.assertEqual(['expired'] * 12, [answer['error'] for answer in lines('cwt verify', late)])
        early = [question | {'now': question['now'] - 60} for question in questions]
        self.assertEqual(['not_yet_valid'] * 12, [answer['error'] for answer in lines('cwt verify', early)])
        other = [question | {'key': self.keys[self.det('hda')]} for question in questions]
        self.assertEqual(['det_hi_mismatch'] * 12, [answer['error'] for answer in lines('cwt verify', other)])

    def det(self, name):
        return next(entity['det'] for entity in self.made['entities'] if entity['name'] == name)

    @staticmethod
    def text_of(det):
        import ipaddress
        return str(ipaddress.IPv6Address(bytes.fromhex(det)))

    def test_cut_tokens_are_refused(self):
        octets = dict(tokens())['uas_ua_extended_wrapper']
        cuts = [{'hex': octets[:2 * size]} for size in range(len(octets) // 2)]
        self.assertTrue(all('error' in answer for answer in lines('cwt decode', cuts)))


class Schc(unittest.TestCase):
    def test_our_rules_carry_the_request_both_ways(self):
        self.assertEqual(0, once('schc', 'check-rules', str(RULES))[0])
        coap = vectors('schc/nrid_cd.json')['vectors'][0]
        packet, = lines('schc compress', [{'rules': str(RULES), 'direction': 'up', 'hex': coap['coap_hex']}])
        self.assertEqual(coap['schc_hex'], packet['hex'])
        back, = lines('schc decompress', [{'rules': json.loads(RULES.read_text()), 'direction': 'up', 'hex': packet['hex']}])
        self.assertEqual(coap['coap_hex'], back['hex'])
        refused, = lines('schc decompress', [{'rules': str(RULES), 'direction': 'up', 'hex': 'ff00'}])
        self.assertEqual('schc_no_rule', refused['error'])


class Rid(unittest.TestCase):
    def test_messages_decode_and_encode_back(self):
        messages = [entry for entry in vectors('drip/f3411_messages.json')['messages']]
        decoded = lines('rid decode', [{'hex': entry['hex']} for entry in messages])
        again = lines('rid encode', decoded)
        for entry, answer in zip(messages, again):
            if entry['name'] == 'loc_speed_64_00':  # 63.75 m/s has two encodings; the finer multiplier is the one we write
                self.assertEqual('1226b3ff', answer['hex'][:8])
            else:
                self.assertEqual(entry['hex'], answer.get('hex'), entry['name'])

    def test_wrapper_of_the_rfc_and_a_tampered_one(self):
        made = vectors('drip/nrid_generated.json')
        ua = next(entity for entity in made['entities'] if entity['name'] == 'ua')
        pack = made['extended_wrapper']['pack']
        question = {'hex': pack, 'key': ua['hi'], 'now': made['now_unix']}
        tampered = pack[:80] + ('0' if pack[80] != '0' else '1') + pack[81:]
        good, bad = lines('drip verify', [question, question | {'hex': tampered}])
        self.assertTrue(good['ok'])
        self.assertEqual('wrapper_signature', bad['error'])


class Dets(unittest.TestCase):
    def test_published_pairs(self):
        pairs = vectors('drip/det.json')['det']
        answers = lines('det check', [{'det': pair['det'], 'hi': pair['hi']} for pair in pairs])
        expected = [len(pair['hi']) == 64 and pair.get('hash_input_hi') == 'raw32' for pair in pairs]
        self.assertEqual(expected, [answer.get('ok') is True for answer in answers])
        self.assertIn(True, expected)
        self.assertIn(False, expected)

    def test_a_registry_of_ones_own(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            (out / 'spec.json').write_text(json.dumps({'entities': [
                {'name': 'raa', 'type': 'raa', 'raa': 16376, 'hda': 0, 'parent': 'raa'},
                {'name': 'hda', 'type': 'hda', 'raa': 16376, 'hda': 10, 'parent': 'raa'},
                {'name': 'ua', 'type': 'ua', 'raa': 16376, 'hda': 10, 'parent': 'hda'}]}))
            status, text = once('zone', 'make', '--spec', str(out / 'spec.json'), '--out', str(out / 'made'))
            self.assertEqual(0, status, text)
            made = json.loads((out / 'made/registry.json').read_text())
            self.assertIn('TYPE67', (out / 'made/zone').read_text())
            key = out / 'made/ua.key'
            self.assertEqual(0o600, key.stat().st_mode & 0o777)
            self.assertIn('ua', json.dumps(made))


class Secrets(unittest.TestCase):
    """Whatever signs takes its secret from a file that nobody else may read: never as an argument, never to the screen."""

    SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
    HI = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'  # RFC 8032 section 7.1
    SIGNING = (('ed25519', 'sign', '--msg', ''), ('endorse', 'make', '--parent', '00' * 16, '--child', '00' * 16, '--hi', '00' * 32),
               ('cwt', 'sign', '--kid', '00' * 16, '--claims', '{}'), ('peers', 'make', '{}'), ('det', 'key'))

    def test_no_command_has_an_option_for_a_seed(self):
        for words in self.SIGNING:
            self.assertEqual(2, once(*words, '--seed', self.SEED)[0], words)
            self.assertNotIn('--seed', once(*words[:2], '--help')[1])

    def test_a_key_file_that_others_may_read_is_refused_by_each(self):
        for words in self.SIGNING:
            for mode in (0o644, 0o640, 0o604, 0o620):
                file = key_file(self, self.SEED, mode)
                status, text = once(*words, '--key_file', file)
                self.assertEqual((1, 'bad_request'), (status, json.loads(text)['error']))
                self.assertEqual(f'{file}: holds a secret and has mode 0{mode:o}; 0600 or stricter is wanted (chmod 600)', json.loads(text)['detail'])
            self.assertIn('key_file is missing', once(*words)[1])
            self.assertIn('64 hex digits', once(*words, '--key_file', key_file(self, 'nonsense'))[1])
            self.assertNotIn(self.SEED, once(*words, '--key_file', key_file(self, self.SEED))[1])
        self.assertEqual(0, once('ed25519', 'sign', '--msg', '', '--key_file', key_file(self, self.SEED, 0o400))[0])

    def test_a_key_is_made_once_with_its_public_half_beside_it(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'new.key'
            status, text = once('det', 'key', '--key_file', file, '--raa', '16376', '--hda', '10')
            self.assertEqual(0, status, text)
            made = json.loads(text)
            self.assertEqual(0o600, file.stat().st_mode & 0o777)
            self.assertEqual(made['hi'], (pathlib.Path(folder) / 'new.key.pub').read_text().strip())
            self.assertNotIn(file.read_text().strip(), text)
            self.assertEqual((0, text), once('det', 'key', '--key_file', file, '--raa', '16376', '--hda', '10'))
        status, text = once('det', 'key', '--key_file', key_file(self, self.SEED))
        self.assertEqual((0, {'hi': self.HI}), (status, json.loads(text)))

    def test_a_description_names_files_and_holds_no_secret(self):
        def made(**more):
            with tempfile.TemporaryDirectory() as folder:
                spec = {'entities': [{'name': 'raa', 'type': 'raa', 'raa': 16376, 'hda': 0, 'parent': 'raa', **more}]}
                return once('zone', 'make', '--spec', json.dumps(spec), '--out', folder)
        file = key_file(self, self.SEED)
        public = file.with_name('some.pub')
        public.write_text(self.HI + '\n')
        self.assertIn(self.HI, made(key_file=str(file))[1])
        for more, said in (({'seed': self.SEED}, 'raa: a seed is not read from a description; name its file in key_file'),
                           ({'key_file': str(key_file(self, self.SEED, 0o644))}, 'has mode 0644; 0600 or stricter'),
                           ({'public_key_file': str(file)}, 'some.key: the name of a file with a public key ends in .pub'),
                           ({'public_key_file': str(public), 'key': self.HI}, 'raa: has more than one of key, key_file and public_key_file'),
                           ({'public_key_file': str(public)}, 'raa: parent raa has no seed to sign with')):
            status, text = made(**more)
            self.assertEqual(1, status)
            self.assertIn(said, text)


class Show(unittest.TestCase):
    def test_every_generated_token_is_understood(self):
        for name, octets in tokens():
            status, text = once('show', octets)
            self.assertEqual(0, status, name)
            self.assertNotIn('refused', text)
            self.assertIn('RFC 9052 4.2', text)

    def test_a_scrambled_datagram_is_explained_as_far_as_it_goes(self):
        request = vectors('drip/nrid_generated.json')['coap']['request_CON_POST_nrid']
        status, text = once('show', request[:-40])
        self.assertEqual(1, status)
        self.assertIn('Uri-Path', text)
        self.assertIn('malformed', text)

    def test_a_schc_packet(self):
        packet = vectors('schc/nrid_cd.json')['vectors'][0]['schc_hex']
        for words in (['--rules', str(RULES)], ['--schc']):
            with self.subTest(words):
                status, text = once('show', packet, *words)
                self.assertEqual(0, status, text)
                self.assertIn('Uri-Path', text)
                self.assertIn('Location', text)


if __name__ == '__main__':
    unittest.main()
