"""node-mavlink as the flight controller: its octets, a live flight through nrid-gateway to nridd, ARM_STATUS back; packs over UDP;
and what the gateway says when something is not as it should be."""
import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from world import ROOT, World, WorldTest, conserved, free_port

PEER = ROOT / 'tests/mavlink/peer.mjs'
DATA = ROOT / 'tests/data/mavlink'
QUICK = 'first_tries = 2\ntry_interval = 0.5'


def node(*arguments):
    return subprocess.run(['node', PEER, *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


class Recorded(unittest.TestCase):
    """What the C++ tests read is what node-mavlink makes."""

    def test_frames(self):
        self.assertEqual(node('vectors'), (DATA / 'frames.json').read_text())

    def test_ten_minutes(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'flight'
            node('record', file)
            self.assertEqual(file.read_bytes(), (DATA / 'flight').read_bytes())


def lines(part):
    out = []
    for line in part.text().splitlines():
        try:
            out.append(json.loads(line))
        except ValueError:
            continue  # half a line, or a log line
    return out


def live(port, more='', kind='mavlink'):
    """Settings for a place to listen, behind those of the timers."""
    return f'[live]\n{kind} = "127.0.0.1:{port}"\nend_after = 2\n{more}'


class Flight(WorldTest):
    def fly(self, number, seconds, **options):
        port = free_port()
        gateway = self.world.gateway(number, '--mavlink', timers=live(port), options=['--json'], **options).start()
        self.world.wait_for('it waits', lambda: 'event":"waiting' in gateway.part.text())
        controller = self.world.stage.start(f'controller{number}', ['node', PEER, 'fly', str(port), str(seconds)])
        return gateway, controller

    def feature(self, ua):
        return self.server.flights().get(self.world.det(ua))

    def test_1_positions_arrive_and_arm_status_comes_back(self):
        gateway, controller = self.fly(1, 15)
        seen = []

        def landed():
            feature = self.feature('ua1')
            if feature and feature['geometry']:
                properties = feature['properties']
                seen.append((round(feature['geometry']['coordinates'][1] * 1e7), round(feature['geometry']['coordinates'][0] * 1e7)))
                self.assertEqual(properties['trust'], 'verified')
            return gateway.part.process.poll() is not None
        self.world.stage.wait_for('the flight is over', lambda: landed() or not gateway.part.running(), seconds=60, every=0.2)
        self.world.stage.parts.remove(gateway.part)
        self.assertEqual(gateway.part.process.returncode, 0, gateway.part.tail())

        said = [line for line in lines(controller) if 'sent' in line]
        places = {(line['latitude'], line['longitude']) for line in said}
        self.assertGreaterEqual(len(set(seen)), 5)
        self.assertLessEqual(set(seen), places, 'positions are the MAVLink values')

        arms = [line for line in lines(controller) if 'arm' in line]
        self.assertGreaterEqual(len(arms), 10)
        self.assertEqual(arms[0]['arm'], 1, 'not before the provider knows of the flight')
        self.assertTrue(arms[0]['error'].startswith('Net-RID: '), arms[0])
        good = [line for line in arms if line['arm'] == 0]
        self.assertGreaterEqual(len(good), 10)
        self.assertEqual({line['error'] for line in good}, {''})
        self.assertEqual({(line['system'], line['component']) for line in arms}, {(7, 236)})
        self.assertEqual({line['heartbeat'] for line in lines(controller) if 'heartbeat' in line}, {34})

        status = [line for line in lines(gateway.part) if 'phase' in line][-1]
        self.assertEqual((status['phase'], status['outcome'], status['input'], status['origin']), ('done', 'ended', 'mavlink', 'relay'))
        self.assertEqual(status['input_refused'], 0)
        self.assertEqual(status['spooled'], 0)
        values = self.server.metrics()
        self.assertEqual(values['operation_ended_total'], 1)
        self.assertEqual(sum(values['refused'].values()), 0, values)
        self.world.stage.wait_for('node is done', lambda: not controller.running(), seconds=20)
        self.world.stage.parts.remove(controller)

    def test_2_sigterm_ends_the_operation(self):
        ended = self.server.metrics()['operation_ended_total']
        gateway, controller = self.fly(2, 60)
        self.world.wait_for('it flies', lambda: self.feature('ua2'))
        self.assertEqual(gateway.stop(signal.SIGTERM), 0, gateway.part.tail())
        self.assertEqual(self.server.metrics()['operation_ended_total'], ended + 1)
        self.world.stage.stop(controller)


class Relay(WorldTest):
    """A gateway without the aircraft's key: what it relays was signed elsewhere, here by a foreign implementation."""

    def test_packs_of_the_aircraft_are_relayed(self):
        port = free_port()
        gateway = self.world.gateway(1, '--packs', timers=live(port, kind='packs'), options=['--json'])
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace(f'key_file = "{self.world.registry.key_file("ua1")}"\n', ''))
        self.assertNotEqual(text, gateway.config.read_text())
        gateway.start()
        self.world.wait_for('it waits', lambda: 'event":"waiting' in gateway.part.text())
        latitude = 473900000
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as aircraft:
            def relayed():
                nonlocal latitude
                latitude += 90
                pack = self.world.report(ua='ua1', kid='ua1', latitude=latitude)['pack']
                aircraft.sendto(bytes.fromhex(pack), ('127.0.0.1', port))
                feature = self.server.flights().get(self.world.det('ua1'))
                return feature and feature['geometry'] and abs(round(feature['geometry']['coordinates'][1] * 1e7) - latitude) <= 360
            self.world.stage.wait_for('the position is on the map', relayed, seconds=40, every=0.9)
        self.assertEqual(self.server.flights()[self.world.det('ua1')]['properties']['trust'], 'verified')
        self.assertEqual(gateway.stop(signal.SIGTERM), 0, gateway.part.tail())
        self.assertEqual(self.server.metrics()['refused'].get('wrapper_signature', 0), 0)


class Mistakes(unittest.TestCase):
    """Five mistakes that everybody makes once: each has one clear sentence that says where to look."""

    @classmethod
    def setUpClass(cls):
        cls.world = World('mistakes', 1)
        cls.addClassCleanup(cls.world.close)
        cls.server = cls.world.start_server()

    def sentence(self, gateway, status=1):
        gateway.start()
        self.assertEqual(gateway.part.wait(40), status, gateway.part.tail())
        self.world.stage.parts.remove(gateway.part)
        wrong = [line for line in gateway.part.text().splitlines() if 'event=preflight ' not in line and 'event=start ' not in line]
        return wrong

    def changed(self, gateway, old, new):
        text = gateway.config.read_text()
        self.assertIn(old, text)
        gateway.config.write_text(text.replace(old, new))
        return gateway

    def test_wrong_det_of_the_provider(self):
        gateway = self.world.gateway(1, 'delivery')
        wrong = self.sentence(self.changed(gateway, self.world.det('sp'), self.world.det('sp')[:-1] + ('1' if self.world.det('sp')[-1] == '0' else '0')))
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn('wrong DET of the service provider? (sp.det)', wrong[0])

    def test_no_resolver(self):
        gateway = self.world.gateway(1, 'delivery')
        wrong = self.sentence(self.changed(gateway, f'127.0.0.1:{self.world.names.port}', f'127.0.0.1:{free_port()}'))
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn('is it running? (dns.servers)', wrong[0])

    def test_key_of_another_aircraft(self):
        gateway = self.world.gateway(1, 'delivery')
        wrong = self.sentence(self.changed(gateway, 'ua1.key', 'gw1.key'))
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn('gw1.key', wrong[0])

    def test_no_mavlink(self):
        port = free_port()
        gateway = self.world.gateway(1, '--mavlink', timers=live(port)).start()
        self.world.wait_for('it says what it waits for', lambda: 'event=waiting' in gateway.part.text())
        waits = [line for line in gateway.part.text().splitlines() if 'event=waiting' in line]
        time.sleep(1.5)
        self.assertEqual(len(waits), 1)
        self.assertIn(f'127.0.0.1:{port} yet: is MAVLink sent there? (live.mavlink, live.vehicle)', waits[0])
        self.assertEqual(gateway.stop(signal.SIGTERM), 1)

    def test_port_taken_and_uplink_that_is_not_there(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(('127.0.0.1', 0))
            port = other.getsockname()[1]
            wrong = self.sentence(self.world.gateway(1, '--mavlink', timers=live(port)))
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn(f'{port}: another process holds this port', wrong[0])
        gateway = self.world.gateway(1, 'delivery')
        wrong = self.sentence(self.changed(gateway, '[gateway]\n', '[gateway]\nuplinks = ["wwan77"]\n'))
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn('uplink "wwan77" (gateway.uplinks)', wrong[0])

    def test_a_gateway_that_may_not_speak_for_this_aircraft(self):
        gateway = self.world.gateway(1, 'delivery', timers=QUICK)
        values = self.server.metrics()
        self.server.stop()
        config = self.server.config.read_text()
        self.server.config.write_text('\n'.join('gateways = []' if line.startswith('gateways') else line for line in config.splitlines()))
        self.server.start()
        wrong = self.sentence(gateway, status=2)
        self.server.stop()
        self.server.config.write_text(config)
        self.server.start()
        self.assertTrue(any('event=start_failed' in line and 'refused code=4.03' in line for line in wrong), wrong)
        self.assertTrue(conserved(values))


class TwoUplinks(WorldTest):
    def test_duplicates_are_counted_once(self):
        gateway = self.world.gateway(1, 'delivery', options=['--json'])
        gateway.config.write_text(gateway.config.read_text().replace(
            '[gateway]\n', '[gateway]\nuplinks = ["127.0.0.2", "127.0.0.3"]\nuplink_mode = "duplicate"\n'))
        gateway.start()
        self.world.wait_for('it flies', lambda: self.server.metrics()['duplicate_total'] >= 4, seconds=30)
        feature = self.server.flights()[self.world.det('ua1')]
        self.assertEqual(feature['properties']['trust'], 'verified')
        self.assertEqual(gateway.stop(signal.SIGTERM), 0, gateway.part.tail())
        status = [line for line in lines(gateway.part) if 'phase' in line][-1]
        self.assertEqual([one['name'] for one in status['uplinks']], ['127.0.0.2', '127.0.0.3'])
        self.assertTrue(all(one['sent'] > 3 and one['failed'] == 0 for one in status['uplinks']), status)


if __name__ == '__main__':
    unittest.main()
