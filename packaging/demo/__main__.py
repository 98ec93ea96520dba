"""The demo of ./run: registry, DNS, nridd and two looping flights, then a line that says where to look."""
import argparse
import contextlib
import fcntl
import itertools
import os
import signal
import socket
import sys
import time

from .names import Names
from .programs import Gateway, Server
from .registry import Registry
from .stage import ROOT, Failure, Stage, free_port

FLIGHTS = ['delivery', 'crossing']


@contextlib.contextmanager
def log_folder():
    """build/demo, or build/demo-2 and so on while another demo runs from this folder."""
    for number in itertools.count(1):
        folder = ROOT / 'build' / ('demo' if number == 1 else f'demo-{number}')
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        for old in folder.glob('*.log'):
            old.unlink()
        try:
            yield folder
        finally:
            os.close(lock)
        return


def map_port(wanted):
    """The port asked for must be free; without a wish 8080 or any other."""
    if wanted is not None and not 0 < wanted < 65536:
        raise Failure(f'--port {wanted}: a TCP port is 1..65535')
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', wanted or 8080))
            return wanted or 8080
        except OSError as error:
            if wanted:
                raise Failure(f'port {wanted} on 127.0.0.1: {error.strerror}; choose another with --port') from None
    return free_port((socket.SOCK_STREAM,))


def step(text):
    print(f'✓ {text}', flush=True)


def start(stage, port):
    registry = Registry(stage.work / 'registry', flights=len(FLIGHTS))
    step(f'registry: {len(registry.entities)} entities, provider {registry.entity("sp")["ipv6"]}')
    names = Names(stage, registry.zone).start()
    step(f'DNS: zone signed by Knot (port {names.upstream}), validated by Unbound (port {names.port})')
    pairs = [(f'gw{number}', f'ua{number}') for number, _ in enumerate(FLIGHTS, 1)]
    server = Server(stage, registry, names.port, pairs, http=port).start()
    step(f'nridd: plain CoAP on UDP {server.plain}, SCHC on UDP {server.schc}')
    for (gateway, ua), flight in zip(pairs, FLIGHTS):
        Gateway(stage, registry, names.port, server, gateway, ua, flight, options=['--loop']).start()
    for (_, ua), flight in zip(pairs, FLIGHTS):
        det = registry.entity(ua)['det']
        stage.wait_for(f'{flight} is verified', lambda det=det: verified(server, det), seconds=20)
        step(f'{flight}: {registry.entity(ua)["ipv6"]} flies, verified')
    return server


def verified(server, det):
    feature = server.flights().get(det)
    return feature is not None and feature['properties']['trust'] == 'verified'


def where_to_look(server, logs):
    print(f'''
  {server.url}

  the same for programs:   curl -s {server.url}api/flights
  what was counted:        curl -s {server.url}metrics
  what was written:        tail -f {logs.relative_to(ROOT)}/*.log
  Ctrl-C stops everything.
''', flush=True)


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog='./run')
    parser.add_argument('--port', type=int)
    parser.add_argument('--seconds', type=int)
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    status = 0
    with contextlib.ExitStack() as stack:
        try:
            port = map_port(options.port)
            logs = stack.enter_context(log_folder())
            stage = stack.enter_context(Stage(logs))
            server = start(stage, port)
            where_to_look(server, logs)
            until = time.monotonic() + options.seconds if options.seconds else float('inf')
            while time.monotonic() < until:
                stage.check()
                time.sleep(0.2)
        except KeyboardInterrupt:
            pass
        except Failure as failure:
            print(f'./run: {failure}', file=sys.stderr)
            status = 1
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the rest is short and must happen
    print('stopped' if status == 0 else 'everything that was started is stopped', flush=True)
    return status


if __name__ == '__main__':
    sys.exit(main())
