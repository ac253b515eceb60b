"""One TCP connection of the chip, seen from the world.

    NEW --connect--> OPENING --twice the delay--> OPEN --peer closes--> ENDED
                        '--nobody there--> REFUSED

What the chip writes goes to the end at once, while there is a link; what the end answers arrives twice the delay after
the last write before it, or at once where that has passed. So it does not matter when, in real time, a real end
answers, as long as it does within the network's patience: it is waited for whenever something has gone to and fro,
until it was silent once.
"""

import struct

from host_sim.chip import protocol
from host_sim.world import figures
from host_sim.world.radio import UP

_SEND_BUFFER = 5_744
"""Bytes that the chip's TCP keeps until they are on their way (ESP-IDF v5.5: four segments)."""
_CHANGE_CIPHER_SPEC, _APPLICATION_DATA = 20, 23
_PSK_FLIGHT = 600
"""Bytes; a server that sends more in its handshake has sent a certificate."""


class Connection:
    """A socket of `network`, not yet connected."""

    def __init__(self, network):
        self._network = network
        self._end = None
        self._open_us = None
        self._inbox = bytearray()
        self._coming = []  # (instant of arrival, bytes), oldest first
        self._unsent = bytearray()
        self._asked_us = None  # instant of the last write, while no answer has come
        self._expecting = False
        self._ended = False
        self._failed = 0
        self._records = Records()
        self._greeted = 0  # bytes received so far

    def connect(self, address, port):
        """Begin to connect. Raises OSError at once where there is no link."""
        network = self._network
        if network.station.state != UP:
            raise OSError(protocol.EHOSTUNREACH)
        network.sent(0)
        self._open_us = network.timeline.now_us + 2 * network.delay_us
        network.timeline.at(self._open_us, lambda: self._opened(address, port))

    def _opened(self, address, port):
        network = self._network
        if address in network.silent or not network.station.up or self._ended:
            return
        try:
            self._end = network.routes[address, port]()
        except (KeyError, ConnectionRefusedError):
            self._failed = protocol.ECONNREFUSED
            return
        network.traffic.connects += 1
        self._expecting = True  # there are servers that speak first

    def opened(self):
        """Whether the connection has come about. Raises OSError where it cannot."""
        self._raise()
        return self._end is not None

    def room(self):
        """How many bytes can be written now. Raises OSError on a connection that is none."""
        self._raise()
        self._must_be_connecting()
        return _SEND_BUFFER - len(self._unsent) if self._end else 0

    def write(self, data):
        """Take as much of `data` as there is room for; returns how much."""
        data = data[: self.room()]
        self._unsent += data
        self.flush()
        return len(data)

    def computing_us(self, data):
        """How long the chip has computed before it sent `data`, when that completes a TLS handshake."""
        kinds = self._records.kinds(data)
        if _CHANGE_CIPHER_SPEC not in kinds:
            return 0
        return figures.TLS_CERTIFICATE_US if self._greeted > _PSK_FLIGHT else figures.TLS_PSK_US

    def readable(self):
        """Whether `read` would return something, the end included. Raises OSError on a connection that failed."""
        self._must_be_connecting()
        self._look()
        now = self._network.timeline.now_us
        while self._coming and self._coming[0][0] <= now:
            self._inbox += self._coming.pop(0)[1]
        if not self._inbox and not self._coming:
            self._raise()
        return bool(self._inbox) or (self._ended and not self._coming)

    def read(self, count):
        """Up to `count` of the bytes that have arrived; b"" after the last."""
        data = bytes(self._inbox[:count])
        del self._inbox[:count]
        return data

    def stir(self):
        """Something may be under way: the next look waits for it."""
        self._expecting = True

    def flush(self):
        """Send what waits, if the link and the end take it."""
        network = self._network
        while self._unsent and self._end and network.station.up:
            try:
                sent = self._end.send(self._unsent)
            except OSError:
                self._failed = protocol.ECONNRESET
                return
            if not sent:
                return
            del self._unsent[:sent]
            network.sent(sent)
            self._asked_us = network.timeline.now_us
            self._expecting = True

    def close(self):
        """Send what waits and close."""
        self.flush()
        self.lose()

    def lose(self):
        """Close as it is."""
        self._ended = True
        if self._end:
            self._end.close()
            self._end = None

    def _look(self):
        """Take from the end what has come, waiting for it where it is expected and nothing else is there."""
        network = self._network
        self.flush()
        if not self._end or self._ended or not network.station.up:
            return
        waiting = self._expecting and not self._inbox and not self._coming
        try:
            patience_s = network.settle_s if self._asked_us is None and self._greeted else network.patience_s
            data = self._end.receive(patience_s if waiting else 0)
        except OSError:
            self._failed = protocol.ECONNRESET
            return
        if data:
            self._arrives(data)
        elif data is None:
            self._expecting = self._expecting and not waiting
        else:
            self._ended = True

    def _arrives(self, data):
        network = self._network
        now = arrival = network.timeline.now_us
        self._greeted += len(data)
        if self._asked_us is not None:
            arrival = max(now, self._asked_us + 2 * network.delay_us)
            self._asked_us = None
            if self._records.handshaking:
                network.traffic.handshakes += 1
            else:
                network.traffic.turnarounds += 1
        if self._coming:
            arrival = max(arrival, self._coming[-1][0])
        network.received(len(data))
        self._expecting = True
        self._coming.append((arrival, data))
        network.timeline.at(arrival, _nothing)  # so that whoever waits looks then

    def _raise(self):
        if self._failed:
            raise OSError(self._failed)

    def _must_be_connecting(self):
        if self._open_us is None:
            raise OSError(protocol.ENOTCONN)


class Records:
    """Follows the records of TLS in what a client sends, as far as their headers tell."""

    def __init__(self):
        self.handshaking = False
        """True from the first byte of a TLS connection to its first application data."""
        self._started = False
        self._header = b""
        self._left = 0

    def kinds(self, data):
        """Content types of the records that begin in `data`; none in a connection without TLS."""
        data = bytes(data)
        if not self._started:
            self._started = True
            self.handshaking = data[:2] == b"\x16\x03"
        found = set()
        while data and self.handshaking:
            if self._left:
                passed = min(self._left, len(data))
                self._left -= passed
            else:
                passed = 5 - len(self._header)
                self._header += data[:passed]
            data = data[passed:]
            if len(self._header) == 5:
                kind, _, self._left = struct.unpack(">BHH", self._header)
                self._header = b""
                found.add(kind)
                self.handshaking = kind != _APPLICATION_DATA
        return found


def _nothing():
    """An event of which only the instant counts."""
