"""The network behind the access point: who answers at which address, names, datagrams, and how long everything takes.

Addresses are the simulation's own. What answers at one is an end (ends.py), made anew for each connection; nothing else
of this computer's network can be reached. Simulated time stands still while a real end is waited for.
"""

from dataclasses import dataclass

from host_sim.chip import protocol
from host_sim.world.connection import Connection

ANSWERS, SILENT = "answers", "silent"


@dataclass
class Traffic:
    """What has gone over the radio, from the world's beginning.

    turnarounds: how often the lock waited for an answer, but for those that set a connection up: `connects` of TCP, and
    `handshakes` of TLS, counted by turnarounds. sent, received: bytes of TCP's and UDP's payload.
    """

    connects: int = 0
    handshakes: int = 0
    turnarounds: int = 0
    sent: int = 0
    received: int = 0


class Network:
    """Reached over `station`; `meter` counts the charge of sending."""

    def __init__(self, timeline, station, meter):
        self.delay_us = 10_000
        """One way between the lock and everybody else; an answer takes twice that."""
        self.routes = {}
        """(address, port) -> a function that makes the end of a new connection, as `lambda: TcpEnd(1883)`."""
        self.silent = set()
        """Addresses from which nothing comes back, not even a refusal."""
        self.names = {}
        """Host name -> address, for the chip's resolver."""
        self.resolver = ANSWERS
        """ANSWERS or SILENT."""
        self.datagrams = {}
        """(address, port) -> a function that takes a datagram's bytes and returns those of the answer, or None."""
        self.patience_s = 2.0
        """How long a real end is waited for, in real time, before it counts as silent."""
        self.settle_s = 0.5
        """The same where nothing was asked of it since it last said something: does more of that follow?"""
        self.traffic = Traffic()
        self.timeline = timeline
        self.station = station
        self.meter = meter
        self._sockets = {}
        self._numbers = 0
        station.on_link = self._link_changed

    # The chip's requests

    def open(self, kind):
        """A new socket's number."""
        self._numbers += 1
        self._sockets[self._numbers] = Connection(self) if kind == protocol.STREAM else Mailbox(self)
        return self._numbers

    def socket(self, number):
        """The Connection or Mailbox of that number. Raises OSError where it is gone."""
        if number not in self._sockets:
            raise OSError(protocol.ECONNABORTED)
        return self._sockets[number]

    def close(self, number):
        """Close a socket: what was written goes out. Nothing happens where it is gone."""
        socket = self._sockets.pop(number, None)
        if socket:
            socket.close()

    def drop(self):
        """The chip was reset, or its radio turned off: all its sockets are gone."""
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            socket.lose()

    def stir(self):
        """Say that somebody else has just done something real: the next look of each connection waits for it."""
        for socket in self._sockets.values():
            socket.stir()

    def _link_changed(self):
        for socket in list(self._sockets.values()):
            socket.flush()

    def sent(self, count):
        """So many bytes of payload went out."""
        self.traffic.sent += count
        self.meter.air(count)

    def received(self, count):
        """So many bytes of payload came in."""
        self.traffic.received += count


class Mailbox:
    """A UDP port of the chip."""

    def __init__(self, network):
        self._network = network
        self._inbox = []

    def send_to(self, address, port, data):
        """Send a datagram; it is lost where there is no link or nobody answers."""
        network = self._network
        if not network.station.up:
            return
        network.sent(len(data))
        answer = network.datagrams.get((address, port), lambda data: None)(data)
        if answer is not None:
            arrival = network.timeline.now_us + 2 * network.delay_us
            network.timeline.at(arrival, lambda: self._arrived(address, port, answer))

    def _arrived(self, address, port, data):
        if self._network.station.up:
            self._network.received(len(data))
            self._inbox.append((address, port, data))

    def ready(self):
        """Whether a datagram is there."""
        return bool(self._inbox)

    def take(self):
        """The oldest datagram: (address, port, data)."""
        return self._inbox.pop(0)

    def stir(self):
        """Nobody waits in real time for a datagram."""

    def flush(self):
        """A datagram is never kept."""

    def close(self):
        """Nothing waits to be sent."""

    lose = close
