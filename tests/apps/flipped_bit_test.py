"""One flipped bit in a datagram on the real wire, a sample of all places (the unit tests of nrid/ try every one): what is
signed is refused and counted; in what nobody signs (CoAP type, message id, token) it is refused or the same track."""
import random
import socket
import unittest

from world import WorldTest

def post(cwt, message_id, token):
    """POST /nrid by hand, non-confirmable with a 3-byte token."""
    return bytes([0x53, 0x02]) + message_id.to_bytes(2, 'big') + token + b'\xb4nrid\x11\x3d\xff' + cwt


class FlippedBit(WorldTest):
    flights = 1
    place = 473900000

    def send(self, datagrams):
        """Sends all, waits until the server has counted them; returns the counters' differences."""
        before = self.server.metrics()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(('127.0.0.1', self.server.plain))
            for datagram in datagrams:
                sock.send(datagram)
        self.world.wait_for('every datagram is counted', lambda: self.settled(before, len(datagrams)))
        after = self.server.metrics()
        refused = {reason: count - before['refused'].get(reason, 0) for reason, count in after['refused'].items()}
        return {name: after[name] - before[name] for name in ('accepted_total', 'duplicate_total', 'control_total')}, refused

    def settled(self, before, count):
        def outcomes(metrics):  # what a shard accepts is neither parked nor counted for a moment
            return sum(metrics[name] for name in ('accepted_total', 'duplicate_total', 'control_total')) + sum(metrics['refused'].values())
        now = self.server.metrics()
        return now['received_total'] >= before['received_total'] + count and now['parked'] == 0 and outcomes(now) >= outcomes(before) + count

    def track(self):
        feature = self.server.flights().get(self.world.det('ua1'))
        return {(round(lat * 1e7), round(lon * 1e7)) for lon, lat, *_ in feature['properties']['track']} if feature else set()

    def test_1_a_flip_in_what_is_signed_is_refused(self):
        cwt = bytes.fromhex(self.world.report(latitude=self.place)['cwt'])
        good = post(cwt, 1, b'abc')
        payload = len(good) - len(cwt)
        places = random.Random(20_260_101).sample(range(payload * 8, len(good) * 8), 200)
        flipped = [self.flip(good, place) for place in places]
        outcomes, refused = self.send(flipped)
        self.assertEqual(outcomes, {'accepted_total': 0, 'duplicate_total': 0, 'control_total': 0}, refused)
        self.assertEqual(sum(refused.values()), len(flipped), refused)
        self.assertEqual(self.track(), set())

    def test_2_a_flip_in_what_nobody_signs_is_refused_or_the_same_track(self):
        cwt = bytes.fromhex(self.world.report(latitude=self.place)['cwt'])
        good = post(cwt, 2, b'xyz')
        outcomes, refused = self.send([self.flip(good, place) for place in range((len(good) - len(cwt)) * 8)])
        self.assertEqual(sum(outcomes.values()) + sum(refused.values()), (len(good) - len(cwt)) * 8)
        self.assertLessEqual(outcomes['accepted_total'], 1, 'one token is accepted once')
        self.assertLessEqual(self.track(), {(self.place, 85400000)})

    def test_3_the_datagram_itself_is_accepted(self):
        cwt = bytes.fromhex(self.world.report(latitude=self.place + 10)['cwt'])
        outcomes, refused = self.send([post(cwt, 3, b'123')])
        self.assertEqual(outcomes['accepted_total'], 1, refused)
        newest = (self.place + 10, 85400000)
        self.world.wait_for('the position is on the map', lambda: newest in self.track())
        self.assertLessEqual(self.track(), {newest, (self.place, 85400000)}, 'and no other ever was')

    @staticmethod
    def flip(datagram, bit):
        out = bytearray(datagram)
        out[bit // 8] ^= 0x80 >> bit % 8
        return bytes(out)


if __name__ == '__main__':
    unittest.main()
