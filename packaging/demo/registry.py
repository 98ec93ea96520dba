"""The demo's registry: a private RAA, one HDA and those it registered, with a zone for Knot; made by `nrid zone make`."""
import json
import subprocess

from .stage import BUILD, Failure

RAA, HDA = 16376, 10  # private use range of RFC 9886


def _entity(name, kind, parent='hda', **more):
    return {'name': name, 'type': kind, 'raa': RAA, 'hda': HDA, 'parent': parent, **more}


def specification(flights, addresses=('127.0.0.1',), providers=1):
    """Service providers (sp, sp2 ...) and, per flight, a ground station (gw1 ...) and an aircraft (ua1 ...)."""
    entities = [{**_entity('raa', 'raa', 'raa'), 'hda': 0}, _entity('hda', 'hda', 'raa'),
                _entity('sp', 'sp', addresses=list(addresses))]
    entities += [_entity(f'sp{number}', 'sp', addresses=list(addresses)) for number in range(2, providers + 1)]
    for number in range(1, flights + 1):
        entities += [_entity(f'gw{number}', 'gcs'), _entity(f'ua{number}', 'ua')]
    return {'entities': entities}


class Registry:
    """Keys, DETs and the zone in `folder`; entity('ua1') has det, hi, be, key_file."""

    def __init__(self, folder, flights=2, providers=1):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.zone = folder / 'zone'
        wanted = folder / 'specification.json'
        wanted.write_text(json.dumps(specification(flights, providers=providers), indent=1))
        made = subprocess.run([BUILD / 'apps/nrid', 'zone', 'make', '--spec', wanted, '--out', folder], capture_output=True, text=True, check=False)
        if made.returncode != 0 or not self.zone.exists():
            raise Failure(f'nrid zone make failed: {(made.stderr or made.stdout).strip()[:300]}')
        known = json.loads((folder / 'registry.json').read_text())
        self.anchor = known['anchor']
        self.entities = known['entities']

    def entity(self, name):
        return self.entities[name]

    def key_file(self, name):
        return self.folder / f'{name}.key'

    def seed(self, name):
        return self.key_file(name).read_text().strip()
