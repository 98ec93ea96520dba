"""Wrong settings and occupied places: one clear line, exit status not 0, nothing half-started; for nridd and the gateway."""
import re
import socket
import subprocess
import unittest

from world import World, free_port, program
from demo.programs import Gateway, Server


def replaced(pattern, by):
    """A change of the settings text that must really change something."""
    def change(text):
        out, count = re.subn(pattern, by, text, count=1, flags=re.MULTILINE)
        assert count == 1, f'{pattern} is not in the settings'
        assert out != text, f'{pattern}: what it writes stood there already'
        return out
    return change


def other_key(anchor):
    """An octet changed, whichever it was: the registry's keys are new each time."""
    return f'anchors = ["{anchor[1]}={int(anchor[2], 16) ^ 0xff:02x}'


def of_gateway(lines):
    return replaced(r'^\[gateway\]$', '[gateway]\n' + lines)


def of_live(lines):
    return replaced(r'^\[timers\]$', f'[live]\n{lines}\n[timers]')


# name of the case, change of the good file, words that the one line must hold
SERVER = [
    ('broken TOML', replaced(r'^\[server\]$', '[server'), ['nridd.toml', '1']),
    ('unknown name', replaced(r'^port = ', 'prot = '), ['nridd.toml', 'prot']),
    ('unknown section', replaced(r'^\[web\]$', '[wob]'), ['nridd.toml', 'wob']),
    ('port out of range', replaced(r'^schc_port = .*$', 'schc_port = 70000'), ['schc_port', '70000', '65535']),
    ('wrong kind', replaced(r'^require_ad = true$', 'require_ad = "yes"'), ['require_ad']),
    ('DET of somebody else', replaced(r'^det = ".*"$', 'det = "2001003ffe000a057d9d8c5eda00dfe5"'), ['sp.key', 'hash']),
    ('text that is no DET', replaced(r'^det = ".*"$', 'det = "nobody"'), ['nobody']),
    ('no key file', replaced(r'^key_file = ".*"$', 'key_file = "nowhere.key"'), ['nowhere.key']),
    ('key file without a key', replaced(r'^key_file = ".*"$', 'key_file = "nridd.toml"'), ['nridd.toml', '64']),
    ('no rules', replaced(r'^rules = ".*"$', 'rules = "nowhere.json"'), ['nowhere.json']),
    ('resolver that is no address', replaced(r'^servers = .*$', 'servers = ["127.0.0.1", "dns"]'), ['nridd.toml', 'dns.servers', '"dns"']),
    ('resolvers that are no list', replaced(r'^servers = .*$', 'servers = "127.0.0.1:53"'), ['dns.servers', 'list']),
    ('anchor that is no anchor', replaced(r'^anchors = .*$', 'anchors = ["raa"]'), ['anchors', 'raa']),
    ('anchor whose key is of another', replaced(r'^anchors = \["(.*)=(..)', other_key), ['anchors']),
    ('gateway list that is no list', replaced(r'^gateways = .*$', 'gateways = ["all of them"]'), ['gateways', 'all of them']),
    ('revoked, and no DET', replaced(r'^\[policy\]$', '[policy]\nrevoked = ["nobody"]'), ['nridd.toml:', 'policy.revoked', 'nobody']),
    ('no list of peers', replaced(r'\A', '[peers]\nfile = "nobody.json"\n'), ['nobody.json']),
    ('a list of peers that is none', replaced(r'\A', '[peers]\nfile = "nridd.toml"\n'), ['nridd.toml:1:', 'not JSON']),
    ('a list of peers that is another JSON object', replaced(r'\A', '[peers]\nfile = "registry/registry.json"\n'),
     ['registry.json:1: format: is missing', '"nrid-peers-1"', 'signer, chain, peers and signature']),
    ('load thresholds the wrong way round', replaced(r'\A', '[peers]\nload_low = 0.95\n'), ['load_low', '0.95', 'load_high']),
    ('HTTP beyond loopback', replaced(r'^address = "127.0.0.1"\nport = (\d+)\n\Z', r'address = "0.0.0.0"\nport = \1\n'), ['0.0.0.0', 'loopback']),
]
# Tried by a start and by --check-config. A reload names the folder as one that waits for the restart.
FOLDERS = [
    ('data folder that is a file', replaced(r'^\[server\]$', '[server]\ndata_dir = "nridd.toml"'), ['nridd.toml:', 'data_dir']),
    ('data folder below a file', replaced(r'^\[server\]$', '[server]\ndata_dir = "nridd.toml/below"'), ['data_dir', 'nridd.toml/below', 'Not a directory']),
    ('data folder that cannot be written', replaced(r'^\[server\]$', '[server]\ndata_dir = "/proc"'), ['data_dir', '/proc: cannot be written']),  # by root neither
]
GATEWAY = [
    ('broken TOML', replaced(r'^\[gateway\]$', '[gateway'), ['.toml']),
    ('unknown name', replaced(r'^transport = ', 'transprot = '), ['transprot']),
    ('port out of range', replaced(r'^schc_port = .*$', 'schc_port = 0'), ['schc_port', '65535']),
    ('transport that does not exist', replaced(r'^transport = .*$', 'transport = "pigeon"'), ['pigeon', 'plain']),
    ('key of somebody else', replaced(r'gw1\.key', 'gw2.key'), ['gw2.key']),
    ('no key file', replaced(r'ua1\.key', 'ua9.key'), ['ua9.key']),
    ('no rules', replaced(r'nrid\.json', 'nowhere.json'), ['nowhere.json']),
    ('resolver that is no address', replaced(r'^servers = .*$', 'servers = ["dns"]'), ['.toml', 'dns.servers', '"dns"']),
    ('anchor that is no anchor', replaced(r'^anchors = .*$', 'anchors = ["raa"]'), ['anchors', 'raa']),
    ('origin that does not exist', of_gateway('origin = "pilot"'), ['gateway.origin', 'pilot', 'c2_plain']),
    ('origin that the DETs deny', of_gateway('origin = "aircraft"'), ['gateway.origin', 'aircraft.det']),
    ('bind that is no address', of_gateway('bind = "wwan0"'), ['gateway.bind', 'wwan0']),
    ('bind and uplinks', of_gateway('bind = "127.0.0.1"\nuplinks = ["127.0.0.2"]'), ['gateway.uplinks', 'bind']),
    ('too many uplinks', of_gateway(f'uplinks = {["127.0.0.1"] * 9}'.replace("'", '"')), ['gateway.uplinks', '9', '8']),
    ('uplink mode that does not exist', of_gateway('uplink_mode = "both"'), ['uplink_mode', 'both', 'duplicate']),
    ('place to listen that is none', of_live('mavlink = "14551"'), ['live.mavlink', '14551']),
    ('packs from nowhere', of_live('packs = "somewhere:1"'), ['live.packs', 'somewhere']),
    ('vehicle out of range', of_live('vehicle = 256'), ['live.vehicle', '255']),
    ('transmitter that is no hex', of_live('received_from = "xyz"'), ['received_from', 'xyz']),
    ('end that does not exist', of_live('end_on = "sunset"'), ['end_on', 'sunset', 'landed']),
    ('end out of range', of_live('end_after = 0.1'), ['end_after', '0.5']),
    ('spool beyond its hour', replaced(r'^\[timers\]$', '[policy]\nspool = 1501\n[timers]'), ['policy.spool', '1500']),
]


class Settings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World('settings')
        cls.addClassCleanup(cls.world.close)
        cls.server = Server(cls.world.stage, cls.world.registry, cls.world.names.port, cls.world.pairs)
        cls.good = cls.server.config.read_text()

    def assert_refused(self, command, words):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL,
                              cwd=self.world.stage.work)
        output = (done.stdout + done.stderr).strip()
        self.assertNotEqual(done.returncode, 0, output)
        self.assertGreater(done.returncode, 0, f'ended by signal {-done.returncode}: {output}')
        self.assertEqual(len(output.splitlines()), 1, output)
        for word in words:
            self.assertIn(word, output)

    def assert_ports_free(self):
        for kind, port in ((socket.SOCK_DGRAM, self.server.plain), (socket.SOCK_DGRAM, self.server.schc), (socket.SOCK_STREAM, self.server.http)):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                probe.bind(('127.0.0.1', port))

    def test_wrong_settings_of_the_server(self):
        for name, change, words in SERVER + FOLDERS:
            with self.subTest(name):
                self.server.config.write_text(change(self.good))
                self.assert_refused([self.server.program, '--config', self.server.config], words)
                self.assert_ports_free()

    def test_check_config_judges_in_the_same_way_without_starting(self):
        self.server.config.write_text(self.good)
        subprocess.run([self.server.program, '--check-config', '--config', self.server.config], check=True, timeout=20, capture_output=True)
        self.assert_ports_free()
        for name, change, words in SERVER + FOLDERS:
            with self.subTest(name):
                self.server.config.write_text(change(self.good))
                self.assert_refused([self.server.program, '--check-config', '--config', self.server.config], words)

    def test_check_config_tries_the_data_folder_and_leaves_nothing_behind(self):
        work = self.world.stage.work
        (work / 'kept').mkdir()
        for folder in ('new/deeper', 'kept'):
            with self.subTest(folder):
                self.server.config.write_text(replaced(r'^\[server\]$', f'[server]\ndata_dir = "{folder}"')(self.good))
                subprocess.run([self.server.program, '--check-config', '--config', self.server.config], check=True, timeout=20, capture_output=True)
        self.assertFalse((work / 'new').exists())
        self.assertEqual(list((work / 'kept').iterdir()), [])

    def test_rules_may_be_left_out(self):
        gateway = self.gateway('delivery')
        for config, command in ((self.server.config, [self.server.program, '--check-config']), (gateway.config, [program('nrid-gateway'), 'check'])):
            with self.subTest(config.name):
                config.write_text(replaced(r'^rules = .*\n', '')(self.good if config == self.server.config else config.read_text()))
                done = subprocess.run([*command, '--config', config], capture_output=True, text=True, timeout=30, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_settings_file_that_is_not_there(self):
        self.assert_refused([self.server.program, '--config', 'nowhere.toml'], ['nowhere.toml'])

    def test_occupied_ports(self):
        self.server.config.write_text(self.good)
        for kind, port in ((socket.SOCK_DGRAM, self.server.plain), (socket.SOCK_DGRAM, self.server.schc), (socket.SOCK_STREAM, self.server.http)):
            with self.subTest(port=port), socket.socket(socket.AF_INET, kind) as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                taken.bind(('127.0.0.1', port))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                self.assert_refused([self.server.program, '--config', self.server.config], [str(port)])
        self.assert_ports_free()

    def test_a_second_server_does_not_share_the_ports_of_the_first(self):
        self.server.config.write_text(self.good)
        self.server.start()
        self.addCleanup(self.server.stop)
        other = self.world.stage.work / 'second.toml'
        other.write_text(re.sub(r'\nport = \d+\n\Z', f'\nport = {free_port()}\n', self.good))
        self.assert_refused([self.server.program, '--config', other], [str(self.server.plain)])

    def gateway(self, flight):
        return Gateway(self.world.stage, self.world.registry, self.world.names.port, self.server, 'gw1', 'ua1', flight)

    def test_wrong_settings_of_the_gateway(self):
        for name, change, words in GATEWAY:
            with self.subTest(name):
                gateway = self.gateway('delivery')
                gateway.config.write_text(change(gateway.config.read_text()))
                self.assert_refused(gateway.command, words)

    def test_no_resolver_is_said_once(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(('127.0.0.1', 0))
            for port, error, said in ((free_port(), 'dns_unreachable', 'no DNS resolver reached'), (mute.getsockname()[1], 'dns_timeout', 'did not answer in time')):
                with self.subTest(error):
                    gateway = self.gateway('delivery')
                    gateway.config.write_text(replaced(r'^servers = .*$', f'servers = ["127.0.0.1:{port}"]')(gateway.config.read_text()))
                    done = subprocess.run([program('nrid-gateway'), 'check', '--config', gateway.config], capture_output=True, text=True, timeout=30, check=False)
                    self.assertEqual(done.returncode, 1)
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                    for once in (said, 'resolver', f'[{error}]', 'dns.servers'):
                        self.assertEqual(done.stderr.count(once), 1, done.stderr)
                    self.assertNotIn('contact', done.stderr)

    def test_flight_files_that_cannot_be_read(self):
        texts = {'empty.csv': '', 'header.csv': 't_s,lat,lon\n', 'letters.csv': 't_s,lat,lon\n0,47.39,east\n',
                 'back.csv': 't_s,lat,lon\n1,47.39,8.54\n0,47.39,8.54\n', 'pole.csv': 't_s,lat,lon\n0,97.39,8.54\n',
                 'broken.kml': '<kml><Document>', 'other.txt': 'hello\n', 'nowhere.csv': None}
        for name, text in texts.items():
            with self.subTest(name):
                file = self.world.stage.work / name
                if text is not None:
                    file.write_text(text)
                self.assert_refused(self.gateway(str(file)).command, [name])

    def test_wrong_arguments_say_what_is_wanted(self):
        for name, word in (('nridd', '--nonsense'), ('nrid-gateway', '--nonsense'), ('nrid', 'subcommand')):
            with self.subTest(name):
                done = subprocess.run([program(name), '--nonsense'], capture_output=True, text=True, timeout=20, check=False)
                self.assertGreater(done.returncode, 0)
                self.assertIn(word, done.stdout + done.stderr)


if __name__ == '__main__':
    unittest.main()
