"""The far ends of the lock's connections: real ones on loopback, scripted ones, and real ones that something befalls.

An end has `send(data)`, which takes some bytes of `data` and says how many, `receive(patience_s)`, which returns what
came, b"" for the end of it, None for nothing yet, and `close()`. Only a real end waits, and in real time.
"""

import select
import socket

_SETTLE_S = 0.002  # what belongs together comes within this
_CHUNK = 65_536


class TcpEnd:
    """A connection to a server on this computer's loopback. Raises ConnectionRefusedError where none listens."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)

    def send(self, data):
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def receive(self, patience_s):
        parts = []
        while True:
            ready, _, _ = select.select([self._socket], [], [], _SETTLE_S if parts else patience_s)
            if not ready:
                return b"".join(parts) if parts else None
            part = self._socket.recv(_CHUNK)
            if not part:
                return b"".join(parts)  # the end comes again at the next call
            parts.append(part)

    def close(self):
        self._socket.close()


class ScriptedEnd:
    """A server inside this program: subclasses answer in `received`, and may `say` something at any time."""

    def __init__(self):
        self._said = bytearray()
        self.closed = False
        """Set to end the connection after what was said."""

    def received(self, data):
        """The lock has sent `data`."""

    def say(self, data):
        """Send `data` to the lock."""
        self._said += data

    def send(self, data):
        self.received(bytes(data))
        return len(data)

    def receive(self, patience_s):
        if self._said:
            said, self._said = bytes(self._said), bytearray()
            return said
        return b"" if self.closed else None

    def close(self):
        """The lock has closed."""


class FaultyEnd:
    """`end`, until `down` bytes have reached the lock or it has sent `up`: then silence, or with `closing` the end.

    None for `down` or `up`: however many.
    """

    def __init__(self, end, down=None, up=None, closing=False):
        self._end = end
        self._down, self._up = down, up
        self._closing = closing

    def send(self, data):
        if self._broken():
            return 0
        if self._up is not None:
            data = data[: self._up]
        sent = self._end.send(data)
        if self._up is not None:
            self._up -= sent
        return sent

    def receive(self, patience_s):
        if self._broken():
            return b"" if self._closing else None
        data = self._end.receive(patience_s)
        if data and self._down is not None:
            data = data[: self._down]
            self._down -= len(data)
        return data

    def close(self):
        self._end.close()

    def _broken(self):
        return self._down == 0 or self._up == 0
