"""Our own programs on a stage: nridd with its settings file, and gateways that fly a file each."""
import ipaddress
import itertools
import json
import re
import urllib.error
import urllib.request

from .stage import BUILD, ROOT, Failure, free_port

_SERVER = '''\
[server]
address = "127.0.0.1"
port = {plain}
schc_port = {schc}
rules = "{rules}"
det = "{det}"
key_file = "{key}"

[dns]
servers = ["127.0.0.1:{dns}"]
require_ad = true

[trust]
anchors = ["{anchor}"]

[policy]
gateways = [{gateways}]

[web]
address = "127.0.0.1"
port = {http}
{more}'''

_GATEWAY = '''\
[gateway]
det = "{gateway}"
key_file = "{gateway_key}"

[aircraft]
det = "{ua}"
key_file = "{ua_key}"

[sp]
det = "{sp}"
transport = "{transport}"
port = {plain}
schc_port = {schc}
rules = "{rules}"

[dns]
servers = ["127.0.0.1:{dns}"]
require_ad = true

[trust]
anchors = ["{anchor}"]

[timers]
{timers}
'''


class Server:
    """nridd; start() returns when it says that it is ready and /healthz agrees."""

    def __init__(self, stage, registry, dns_port, pairs, http=None, name='sp', more=''):
        self.stage = stage
        self.program = BUILD / 'apps/nridd'
        self.plain = free_port()
        self.schc = free_port()
        self.http = http or free_port()
        self.name = 'nridd' if name == 'sp' else f'nridd-{name}'
        self.config = stage.work / f'{self.name}.toml'
        self.part = None
        rows = [f'"{registry.entity(gateway)["det"]} -> {registry.entity(ua)["det"]}"' for gateway, ua in pairs]
        self.config.write_text(_SERVER.format(
            plain=self.plain, schc=self.schc, http=self.http, dns=dns_port, rules=ROOT / 'schc/rules/nrid.json',
            det=registry.entity(name)['det'], key=registry.key_file(name), anchor=registry.anchor, gateways=', '.join(rows), more=more))

    @property
    def url(self):
        return f'http://127.0.0.1:{self.http}/'

    def start(self):
        self.part = self.stage.start(self.name, [self.program, '--config', self.config])
        self.stage.wait_for(f'{self.name} is ready', lambda: 'event=ready' in self.part.text() and self.get('healthz') is not None)
        return self

    def stop(self, *number):
        return self.stage.stop(self.part, *number)

    def get(self, path):
        """Body of a GET that was answered with 200, else None."""
        return get(self.url + path)

    def flights(self):
        """Features of /api/flights by DET (32 hex digits)."""
        text = self.get('api/flights')
        features = json.loads(text)['features'] if text else []
        return {ipaddress.IPv6Address(feature['properties']['det']).packed.hex(): feature for feature in features}

    def metrics(self):
        """Numbers of /metrics: {'received_total': 12, 'parked': 0, ..., 'refused': {'bad_alg': 1}}."""
        return read_metrics(self.url)


def get(url):
    """Body of a GET that was answered with 200, else None."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def read_metrics(url):
    """Numbers of /metrics: {'received_total': 12, 'parked': 0, ..., 'refused': {'bad_alg': 1}}."""
    text = get(url + 'metrics')
    if text is None:
        raise Failure('/metrics does not answer')
    values = {'refused': {}}
    for name, label, value in re.findall(r'^nrid_(\w+)(?:\{reason="(\w+)"\})? ([0-9.e+-]+)$', text, re.MULTILINE):
        if label:
            values['refused'][label] = int(float(value))
        else:
            values[name] = int(float(value))
    return values


class Gateway:
    """nrid-gateway with the keys of one ground station and one aircraft, flying one of the sample flights, a file, or what it hears."""

    count = itertools.count(1)

    def __init__(self, stage, registry, dns_port, server, gateway, ua, flight, transport='schc', options=(), timers=''):
        self.stage = stage
        self.name = f'gateway-{gateway}'
        self.config = stage.work / f'{gateway}-{next(self.count)}.toml'
        self.config.write_text(_GATEWAY.format(
            gateway=registry.entity(gateway)['det'], gateway_key=registry.key_file(gateway), ua=registry.entity(ua)['det'],
            ua_key=registry.key_file(ua), sp=registry.entity('sp')['det'], transport=transport, plain=server.plain,
            schc=server.schc, rules=ROOT / 'schc/rules/nrid.json', dns=dns_port, anchor=registry.anchor, timers=timers))
        file = flight if '.' in str(flight) else ROOT / f'examples/flights/{flight}.csv'
        source = [flight] if str(flight).startswith('--') else ['--flight', file]  # '--mavlink', '--packs'
        self.command = [BUILD / 'apps/nrid-gateway', 'fly', '--config', self.config, *source, *options]
        self.part = None

    def start(self):
        self.part = self.stage.start(self.name, self.command)
        return self

    def stop(self, *number):
        return self.stage.stop(self.part, *number)


def conserved(values):
    """The conservation law: every datagram received has exactly one outcome."""
    counted = sum(values[name + '_total'] for name in ('accepted', 'control', 'duplicate'))
    return values['received_total'] == counted + values['parked'] + sum(values['refused'].values())
