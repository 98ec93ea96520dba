"""DNS on loopback as an operator would run it: Knot signs the zone of the DETs, Unbound validates it.

The trust anchor is the DS of that very zone, so nothing outside the machine is asked. Ports, sockets, keys and journals
are in the stage's temporary folder; the system's own DNS is never touched.
"""
import os
import pathlib
import re
import secrets
import shutil
import socket
import struct
import subprocess

from .stage import BUILD, Failure, free_port

APEX = '3.0.0.1.0.0.2.ip6.arpa.'  # 2001:30::/28
SOA, TXT, AAAA, HHIT, BRID = 6, 16, 28, 67, 68
_AD = 0x0020

_KNOT = '''\
server:
    rundir: "{dir}"
    pidfile: "{dir}/knot.pid"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: "{dir}/knot.sock"
log:
  - target: stderr
    any: info
database:
    storage: "{dir}/knot"
policy:
  - id: nrid
    algorithm: ed25519
    single-type-signing: on
zone:
  - domain: {apex}
    file: "{zone}"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    dnssec-signing: on
    dnssec-policy: nrid
'''

_UNBOUND = '''\
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: "{dir}/unbound.pid"
    do-daemonize: no
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    interface: 127.0.0.1
    port: {port}
    do-ip6: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    trust-anchor: "{anchor}"
    # Only the zone of the DETs: everything else does not exist here, and no query leaves the machine.
    local-zone: "." static
    local-zone: "{apex}" transparent
remote-control:
    control-enable: no
stub-zone:
    name: "{apex}"
    stub-addr: 127.0.0.1@{upstream}
'''


def program(name):
    """Daemons stand in /usr/sbin, which is not on everybody's path."""
    found = shutil.which(name) or shutil.which(name, path='/usr/sbin:/sbin')
    if not found:
        raise Failure(f'{name} is not installed; packaging/packages names its package')
    return found


def query(port, name, kind, dnssec=False, seconds=1.0):
    """One question over UDP with the AD bit set: (rcode, authentic, answer count), or None without an answer."""
    ident = secrets.randbits(16)
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.strip('.').split('.')) + b'\0'
    extra = b'\0' + struct.pack('!HHIH', 41, 1232, 0x8000 if dnssec else 0, 0)
    packet = struct.pack('!6H', ident, 0x0100 | _AD, 1, 0, 0, 1) + labels + struct.pack('!2H', kind, 1) + extra
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(seconds)
        try:
            sock.connect(('127.0.0.1', port))
            sock.send(packet)
            answer = sock.recv(4096)
        except OSError:
            return None
    if len(answer) < 12 or answer[:2] != packet[:2]:
        return None
    flags, _, count = struct.unpack('!3H', answer[2:8])
    return flags & 15, bool(flags & _AD), count


class Names:
    """Knot and Unbound over one zone file; `port` is the resolver's."""

    def __init__(self, stage, zone):
        self.stage = stage
        self.zone = pathlib.Path(zone)
        self.upstream = free_port()
        self.port = free_port()
        self.knot = self.unbound = None

    def start(self):
        """Returns when a signed answer came through the resolver with the AD bit."""
        folder = self.stage.work / 'dns'
        (folder / 'knot').mkdir(parents=True, exist_ok=True)
        knot = folder / 'knot.conf'
        knot.write_text(_KNOT.format(dir=folder, port=self.upstream, zone=self.zone, apex=APEX))
        self.knot = self.stage.start('knot', [program('knotd'), '-c', knot])
        self.stage.wait_for('Knot signs the zone', self._signed)
        unbound = folder / 'unbound.conf'
        unbound.write_text(_UNBOUND.format(dir=folder, port=self.port, upstream=self.upstream, apex=APEX, anchor=self._anchor(knot)))
        # Where AppArmor is on, Debian's profile is attached to unbound's own path and lets it read nothing of ours; a copy
        # has no profile, and what it may do is up to this user, as for every other part.
        binary = BUILD / 'demo-bin/unbound'
        binary.parent.mkdir(parents=True, exist_ok=True)
        if not binary.exists():
            fresh = binary.with_name(f'unbound.{os.getpid()}')
            shutil.copy2(program('unbound'), fresh)
            fresh.rename(binary)
        self.unbound = self.stage.start('unbound', [binary, '-d', '-c', unbound])
        self.stage.wait_for('Unbound validates the zone', self._authentic)
        return self

    def _signed(self):
        answer = query(self.upstream, APEX, SOA, dnssec=True)
        return answer is not None and answer[0] == 0 and answer[2] >= 2  # the record and its signature

    def _authentic(self):
        answer = query(self.port, APEX, SOA)
        return answer is not None and answer[0] == 0 and answer[1]

    def _anchor(self, config):
        listed = subprocess.run([program('keymgr'), '-c', config, APEX, 'ds'], capture_output=True, text=True, check=False)
        line = re.search(r'^\S+ DS \d+ 15 2 \S+$', listed.stdout, re.MULTILINE)
        if not line:
            raise Failure(f'keymgr shows no DS of {APEX}: {(listed.stderr or listed.stdout).strip()[:200]}')
        return line[0]

    def stop(self):
        """The DNS goes away while everything else stays."""
        for part in (self.unbound, self.knot):
            if part in self.stage.parts:
                self.stage.stop(part)
