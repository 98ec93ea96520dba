"""What the tests with real processes share: a registry with DNS, a server, foreign peers, each in its own folder and on
its own ports. `World` is a context manager; a test class keeps one for all its cases or opens one per case."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / 'packaging'))

from demo.names import Names  # noqa: E402
from demo.programs import Gateway, Server, conserved  # noqa: E402
from demo.registry import Registry  # noqa: E402
from demo.stage import BUILD, ROOT, Failure, Stage, free_port  # noqa: E402

__all__ = ['BUILD', 'ROOT', 'Failure', 'World', 'WorldTest', 'conserved', 'free_port', 'peer', 'program']


def program(name):
    return BUILD / 'apps' / name


def peer(command, **question):
    """Asks tests/peers/peer.mjs."""
    done = subprocess.run(['node', ROOT / 'tests/peers/peer.mjs', command], input=json.dumps(question), capture_output=True,
                          text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise Failure(f'peer.mjs {command}: {done.stderr.strip()[-500:]}')
    return json.loads(done.stdout)


class World:
    """Registry and DNS at once; server and gateways when asked for. `change` may rewrite the registry's zone before it is served."""

    def __init__(self, name, flights=2, providers=1, change=None):
        self.stage = Stage(ROOT / 'build/log/apps' / f'{name}-{os.getpid()}')
        with self.on_failure():
            self.registry = Registry(self.stage.work / 'registry', flights, providers)
            if change:
                change(self.registry)
            self.names = Names(self.stage, self.registry.zone).start()
        self.pairs = [(f'gw{number}', f'ua{number}') for number in range(1, flights + 1)]
        self.server = None

    @contextlib.contextmanager
    def on_failure(self):
        try:
            yield
        except BaseException:
            self.close()
            raise

    def start_server(self):
        with self.on_failure():
            self.server = Server(self.stage, self.registry, self.names.port, self.pairs).start()
        return self.server

    def gateway(self, number, flight, **options):
        return Gateway(self.stage, self.registry, self.names.port, self.server, f'gw{number}', f'ua{number}', flight, **options)

    def det(self, name):
        return self.registry.entity(name)['det']

    def report(self, ua='ua1', kid='ua1', latitude=473900000, longitude=85400000, **more):
        """A uas-cwt made by the foreign peer: {cwt, pack, iat}."""
        return peer('report', sp=self.det('sp'), ua=self.det(ua), uaSeed=self.registry.seed(ua), kid=self.det(kid),
                    kidSeed=self.registry.seed(kid), latitude=latitude, longitude=longitude, **more)

    def wait_for(self, what, condition, seconds=15):
        return self.stage.wait_for(what, condition, seconds)

    def close(self):
        self.stage.close()


class WorldTest(unittest.TestCase):
    """A test case with one world and one server for the whole class; the law is checked after every case."""

    flights = 2

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.__name__, cls.flights)
        cls.addClassCleanup(cls.world.close)
        cls.server = cls.world.start_server()

    def tearDown(self):
        if self.server.part.running():
            self.assert_conserved()

    def assert_conserved(self):
        values = self.server.metrics()
        if not conserved(values):  # one scrape reads thread after thread; two equal ones in a row are exact
            self.world.wait_for('counters come to rest', lambda: self.server.metrics() == self.server.metrics())
            values = self.server.metrics()
        self.assertTrue(conserved(values), values)
