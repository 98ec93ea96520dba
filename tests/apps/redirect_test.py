"""A flight crosses the border between two providers that nothing connects: real DNS, two nridd, one gateway, loopback. And what
`nrid peers` says of the signed list that tells them of each other."""
import json
import subprocess
import unittest

from world import World, conserved, program
from demo.programs import Gateway, Server

BORDER = 47.3909  # the flight reaches it after ten seconds
QUICK = '''
[timers]
heartbeat = 1
silent_heartbeats = 3
resend_after = 1
heartbeat_timeout = 3
[peers]
file = "peers.json"
hysteresis = 1
'''
FOLLOW = 'first_tries = 4\n[policy]\nredirect_private = true'


def square(south, north):
    return [[[[8, south], [9, south], [9, north], [8, north], [8, south]]]]


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30, check=False)


class Border(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World('redirect', flights=1, providers=2)
        cls.addClassCleanup(cls.world.close)
        stage, registry = cls.world.stage, cls.world.registry
        make = {name: Server(stage, registry, cls.world.names.port, cls.world.pairs, name=name, more=QUICK) for name in ('sp', 'sp2')}
        cls.old, cls.new = make['sp'], make['sp2']
        cls.draft = stage.work / 'draft.json'
        cls.draft.write_text(json.dumps({
            'format': 'nrid-peers-1', 'signer': registry.entity('hda')['det'], 'chain': [registry.entity('hda')['be']],
            'peers': [cls.entry('sp', cls.old, square(47, BORDER)), cls.entry('sp2', cls.new, square(BORDER, 48))],
            'signature': ''}, indent=1))
        made = run(program('nrid'), 'peers', 'make', cls.draft, registry.key_file('hda'))
        assert made.returncode == 0, made.stdout + made.stderr
        cls.list = stage.work / 'peers.json'
        cls.list.write_text(made.stdout)

    @classmethod
    def entry(cls, name, server, region):
        return {'sp': cls.world.det(name), 'name': name, 'addresses': [f'coap://127.0.0.1:{server.plain}'],
                'endorsement': cls.world.registry.entity(name)['be'], 'capacity': 10, 'region': region}

    def latitude(self, server):
        """Of the aircraft as this provider shows it; None as long as it has no position."""
        feature = server.flights().get(self.world.det('ua1'))
        return feature and feature['geometry'] and feature['geometry']['coordinates'][1]

    def check(self, file, name='sp'):
        entity = self.world.registry.entity(name)
        return run(program('nrid'), 'peers', 'check', file, entity['det'], entity['hi'], self.world.registry.anchor)

    def test_1_the_list_is_judged_as_each_provider_reads_it(self):
        for name, other in (('sp', 'sp2'), ('sp2', 'sp')):
            answer = json.loads(self.check(self.list, name).stdout)
            self.assertTrue(answer['ok'])
            self.assertEqual([one['name'] for one in answer['peers']], [other])
            self.assertEqual(answer['self']['name'], name)
            self.assertEqual(answer['peers'][0]['endorsement'], 'good')
        changed = self.world.stage.work / 'changed.json'
        changed.write_text(self.list.read_text().replace('"capacity": 10', '"capacity": 11'))
        done = self.check(changed)
        self.assertEqual(done.returncode, 1)
        self.assertIn('signature: is not that of the signer', json.loads(done.stdout)['detail'])
        wrong = run(program('nrid'), 'peers', 'make', self.draft, self.world.registry.key_file('sp'))
        self.assertEqual(wrong.returncode, 1)
        self.assertIn('the key is not that of signer', wrong.stdout)

    def test_2_a_provider_does_not_start_with_a_list_that_was_changed(self):
        good = self.list.read_text()
        self.list.write_text(good.replace('"capacity": 10', '"capacity": 11'))
        try:
            done = run(program('nridd'), '--config', self.old.config, '--check-config')
        finally:
            self.list.write_text(good)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'peers\.json:\d+: signature: ')

    def test_3_the_flight_moves_and_nothing_is_lost(self):
        old, new, world = self.old.start(), self.new.start(), self.world
        flight = world.stage.work / 'north.csv'
        flight.write_text('# name: north\n# operator_id: CHEtest\nt_s,lat,lon,alt_m\n' +
                          ''.join(f'{t},{47.39 + t * 0.00009:.7f},8.5400000,455.0\n' for t in range(120)))
        gateway = Gateway(world.stage, world.registry, world.names.port, old, 'gw1', 'ua1', flight, transport='plain', timers=FOLLOW).start()
        world.wait_for('the old provider has it', lambda: self.latitude(old), seconds=20)
        self.assertNotIn(world.det('ua1'), new.flights())
        before = world.wait_for('the new provider has it', lambda: self.latitude(new), seconds=40)
        log = gateway.part.text()
        self.assertEqual(log.count('event=redirect '), 1, log[-2000:])
        self.assertGreaterEqual(before, BORDER)
        world.wait_for('positions go on there', lambda: self.latitude(new) > before + 0.0003, seconds=20)
        world.wait_for('the old provider lets go', lambda: 'what=moved' in old.part.text(), seconds=20)
        text = old.part.text()
        self.assertRegex(text, r'event=flight what=redirected .*detail="to .*, region: outside of our region')
        self.assertRegex(text, r'what=moved .*silent since the redirect')
        for server in (old, new):
            self.assertNotIn('what=lost', server.part.text())
        self.assertNotIn('event=sp_lost', gateway.part.text())
        gateway.stop()
        for server in (old, new):
            world.wait_for('counters come to rest', lambda s=server: conserved(s.metrics()))
            self.assertEqual(server.metrics()['operation_lost_total'], 0)
        self.assertEqual(old.metrics()['operation_moved_total'], 1)
        self.assertEqual(old.metrics()['peers'], 1)
        self.assertGreaterEqual(old.metrics()['redirect_sent_total'], 1)


if __name__ == '__main__':
    unittest.main()
