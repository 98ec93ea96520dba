"""Foreign implementations against the plain port: npm coap and libcoap's coap-client send, cbor-x with node's crypto makes
and checks tokens. Nothing in tests/peers shares code with ours."""
import itertools
import json
import subprocess
import time
import unittest

from world import ROOT, WorldTest, peer


class Vectors(unittest.TestCase):
    def test_cbor_x_and_node_make_every_published_token_octet_for_octet(self):
        file = ROOT / 'tests/vectors/drip/nrid_generated.json'
        answer = peer('vectors', file=str(file))
        self.assertEqual(answer.get('error'), None)
        self.assertEqual(sorted(answer['names']), sorted(json.loads(file.read_text())['cwt']))


class Peers(WorldTest):
    flights = 5  # one operation for each case that looks at the start phase
    place = itertools.count(1)

    def setUp(self):
        self.latitude = 473900000 + 10 * next(self.place)

    def assert_heartbeat(self, cwt, ua='ua1'):
        """A Heartbeat of our provider about this aircraft, by the judgement of the foreign peer."""
        token = peer('read', cwt=cwt, key=self.world.registry.entity('sp')['hi'])
        self.assertTrue(token['verified'])
        self.assertEqual(token['subject'], 'NRID-USS')
        self.assertEqual(token['kid'], self.world.det('sp'))
        self.assertLess(abs(token['iat'] - time.time()), 5)
        self.assertEqual(token['exp'] - token['iat'], 10)
        self.assertEqual(token['body'][0], {'tag': 54, 'value': self.world.det(ua)})
        return token['body'][1]

    def assert_flies(self, ua='ua1'):
        def place():
            feature = self.server.flights().get(self.world.det(ua))
            if not feature or not feature['geometry'] or feature['properties']['trust'] != 'verified':
                return None
            return [round(degrees * 1e7) for degrees in feature['geometry']['coordinates'][:2]]
        self.world.wait_for('the position is on the map', lambda: place() == [85400000, self.latitude])

    def post(self, **question):
        return peer('post', port=self.server.plain, **question)

    def client(self, *arguments, payload=None, path='nrid'):
        """coap-client: (what it printed on standard error, payload of the answer in hex)."""
        answer = self.world.stage.work / 'answer'
        answer.unlink(missing_ok=True)
        options = []
        if payload is not None:
            question = self.world.stage.work / 'question'
            question.write_bytes(bytes.fromhex(payload))
            options = ['-f', question]
        done = subprocess.run(['coap-client-notls', '-B', '3', '-v', '3', *arguments, *options, '-o', answer,
                               f'coap://127.0.0.1:{self.server.plain}/{path}'], capture_output=True, text=True, timeout=20, check=False)
        return done.stderr + done.stdout, answer.read_bytes().hex() if answer.exists() else ''

    def test_npm_coap_confirmable_post_is_answered_with_a_heartbeat(self):
        answer = self.post(payload=self.world.report(latitude=self.latitude)['cwt'], options={'Content-Format': 61})
        self.assertEqual(answer['code'], '2.04')
        self.assertEqual(answer['format'], 61)
        self.assertEqual(self.assert_heartbeat(answer['payload']), [0], 'nothing is missing: the start phase is complete')
        self.assert_flies()
        self.latitude += 1
        answer = self.post(payload=self.world.report(latitude=self.latitude)['cwt'], options={'Content-Format': 61})
        self.assertEqual((answer['code'], answer['payload']), ('2.04', ''), 'in flight the Heartbeat comes by the timer')
        self.assert_flies()

    def test_npm_coap_non_confirmable_post_by_the_ground_station(self):
        answer = self.post(payload=self.world.report('ua2', 'gw2', self.latitude)['cwt'], options={'Content-Format': 61}, confirmable=False)
        self.assertEqual(answer['code'], '2.04')
        self.assert_heartbeat(answer['payload'], 'ua2')
        self.assert_flies('ua2')

    def test_coap_client_confirmable_post(self):
        cwt = self.world.report('ua3', 'ua3', self.latitude)['cwt']
        text, answer = self.client('-m', 'post', '-t', '61', payload=cwt)
        self.assertTrue(answer, text)
        self.assert_heartbeat(answer, 'ua3')
        self.assert_flies('ua3')

    def test_coap_client_non_confirmable_post(self):
        cwt = self.world.report('ua4', 'gw4', self.latitude)['cwt']
        text, answer = self.client('-m', 'post', '-t', '61', '-N', payload=cwt)
        self.assertTrue(answer, text)
        self.assert_heartbeat(answer, 'ua4')
        self.assert_flies('ua4')

    def test_endpoint_codes_of_rfc_7252_and_the_profile(self):
        cwt = self.world.report(latitude=self.latitude)['cwt']
        before = self.server.metrics()['accepted_total']
        cases = [('4.04', {'path': '/other'}), ('4.05', {'method': 'GET', 'payload': ''}), ('4.05', {'method': 'PUT'}),
                 ('4.15', {'options': {'Content-Format': 0}}), ('4.06', {'options': {'Accept': 0}}),
                 ('5.05', {'options': {'Proxy-Uri': 'coap://example.org/nrid'}}),
                 ('4.13', {'payload': '00' * 1100}), ('4.00', {'payload': 'd28443a10127'})]
        for code, change in cases:
            with self.subTest(str(change)):
                answer = self.post(**{'payload': cwt, 'options': {'Content-Format': 61}, **change})
                self.assertEqual(answer.get('code'), code, answer)
                self.assertEqual(answer['payload'], '', 'no payload goes to a peer that has not proven who it is')
                time.sleep(0.3)  # such answers come out of one small token bucket
        self.assertEqual(self.server.metrics()['accepted_total'], before)

    def test_refusals_of_unproven_non_confirmable_messages_are_silent(self):
        cwt = self.world.report(latitude=self.latitude)['cwt']
        forged = cwt[:-2] + f'{int(cwt[-2:], 16) ^ 1:02x}'
        for payload, path in ((forged, '/nrid'), (cwt, '/other'), ('00', '/nrid')):
            with self.subTest(path + payload[:8]):
                answer = self.post(payload=payload, path=path, options={'Content-Format': 61}, confirmable=False, wait=400)
                self.assertEqual(answer, {'silent': True})

    def test_a_stranger_may_not_speak_for_an_aircraft(self):
        answer = self.post(payload=self.world.report('ua5', 'gw2', self.latitude)['cwt'], options={'Content-Format': 61})
        self.assertEqual(answer['code'], '4.03')

    def test_coap_client_sees_the_codes_too(self):
        self.assertIn('4.04', self.client('-m', 'post', '-t', '61', payload='00', path='nowhere')[0])
        self.assertIn('4.05', self.client('-m', 'get')[0])
        cwt = self.world.report(latitude=self.latitude)['cwt']
        self.assertIn('4.02', self.client('-m', 'post', '-t', '61', '-b', '128', payload=cwt)[0], 'Block1 is not offered')


if __name__ == '__main__':
    unittest.main()
