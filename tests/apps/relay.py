"""A UDP relay between gateways and a provider that writes down every datagram and may swallow some: what a test judges is what was
really on the wire, with its time."""
import dataclasses
import selectors
import socket
import threading
import time


@dataclasses.dataclass
class Seen:
    at: float          # monotonic seconds
    wall: float        # Unix seconds
    up: bool           # from the gateway
    octets: bytes


class Relay:
    """Listens on a port of its own; every client gets a socket of its own towards `target`, as behind a NAT."""

    def __init__(self, target):
        self.target = ('127.0.0.1', target)
        self.seen = []
        self.swallow = lambda up, octets: False
        self._lock = threading.Lock()
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(('127.0.0.1', 0))
        self.port = self._front.getsockname()[1]
        self._backs = {}
        self._poll = selectors.DefaultSelector()
        self._poll.register(self._front, selectors.EVENT_READ, None)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            for key, _ in self._poll.select(0.1):
                try:
                    octets, client = key.fileobj.recvfrom(4096)
                except OSError:
                    continue  # the provider is down: its port answered with ICMP
                up = key.data is None
                with self._lock:
                    self.seen.append(Seen(time.monotonic(), time.time(), up, octets))
                if self.swallow(up, octets):
                    continue
                try:
                    if up:
                        self._back_of(client).send(octets)
                    else:
                        self._front.sendto(octets, key.data)
                except OSError:
                    continue

    def _back_of(self, client):
        if client not in self._backs:
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.connect(self.target)
            self._backs[client] = back
            self._poll.register(back, selectors.EVENT_READ, client)
        return self._backs[client]

    def messages(self):
        with self._lock:
            return list(self.seen)

    def close(self):
        self._end.set()
        self._thread.join(5)
        for used in (self._front, *self._backs.values()):
            used.close()
        self._poll.close()
