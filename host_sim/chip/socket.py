"""MicroPython's `socket` on the ESP32 (`modsocket.c`, `py/stream.c`) over the world's network.

As there: a timeout is rounded down to tenths of a second and one tenth is added, so that below a tenth a read waits for
one and then says EAGAIN; `setblocking(True)` waits for ever, whatever the timeout was; a name is resolved without any
limit; a socket under TLS that timed out once is dead. A read that is to fill its buffer and fails in between loses what
it had.
"""

import struct

import bus
import protocol
from bus import chip
from micropython import const
from network import packed

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 4
IPPROTO_TCP = 6
IPPROTO_UDP = 17

_POLL_US = const(100000)
_FOR_EVER = const(-1)
_MOST = const(1460)  # a segment: no more is moved at once
_TLS_HANDSHAKE = const(22)  # first byte of a TLS connection


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """One entry for an IPv4 address or a name; waits until the name is resolved, if that never is, for ever."""
    try:
        packed(host)
        address = host
    except ValueError:
        address = "%d.%d.%d.%d" % tuple(chip.call(protocol.RESOLVE, host.encode()))  # noqa: UP031
    return [(AF_INET, SOCK_STREAM, 0, host, (address, port))]


class socket(bus.Stream):
    """A TCP connection or a UDP port of the chip. As a stream it serves `tls`, too."""

    def __init__(self, family=AF_INET, type=SOCK_STREAM, proto=0):
        self._number = struct.unpack("<H", chip.call(protocol.SOCKET_OPEN, bytes([type])))[0]
        self._tries = _FOR_EVER
        self._wait = protocol.FOR_EVER  # in microseconds, the same
        self._used = self._tls = False
        self._dead = 0  # the number of the error that was the last

    def _call(self, operation, payload=b""):
        """Ask the world, waiting as long as this socket does. Raises OSError, EAGAIN where it does not wait."""
        if self._dead:
            raise OSError(self._dead, "dead")
        try:
            return chip.call(operation, struct.pack(protocol.SOCKET, self._number, self._wait) + payload)
        except OSError as error:
            if error.errno != protocol.EAGAIN or not self._tries:
                raise
        if self._tls:
            self._dead = protocol.ETIMEDOUT
        raise OSError(protocol.ETIMEDOUT, "ETIMEDOUT")

    def settimeout(self, seconds):
        """Wait at most so long in each operation; None: for ever, 0: not at all."""
        if seconds is None:
            self._tries, self._wait = _FOR_EVER, protocol.FOR_EVER
        else:
            ms = int(seconds * 1000)
            self._tries = ms * 1000 // _POLL_US if ms else None
            self._wait = (self._tries + 1) * _POLL_US if ms else 0

    def setblocking(self, flag):
        """True: wait for ever, also where a timeout was set before. False: not at all."""
        self.settimeout(None if flag else 0)

    def setsockopt(self, level, option, value):
        """Without effect."""

    def connect(self, address):
        """Connect to (host, port). Without waiting it raises EINPROGRESS, and the connection comes about meanwhile."""
        place = struct.pack(">4sH", packed(getaddrinfo(*address)[0][4][0]), address[1])
        try:
            self._call(protocol.SOCKET_CONNECT, place)
        except OSError as error:
            if error.errno != protocol.EAGAIN:
                raise
            raise OSError(protocol.ETIMEDOUT, "ETIMEDOUT")

    def close(self):
        """Give the connection up; what was written goes out. Nothing happens where it is closed."""
        if self._number >= 0:
            self._dead = protocol.EBADF
            number, self._number = self._number, -1
            chip.call(protocol.SOCKET_CLOSE, struct.pack(protocol.SOCKET, number, 0))

    def recv(self, count):
        """What has come, `count` bytes at most; b"" when the peer has closed."""
        return self._call(protocol.SOCKET_RECEIVE, struct.pack("<H", count if count < _MOST else _MOST))

    def send(self, data):
        """Send some of `data`; returns how much."""
        if not self._used:
            self._used = True
            self._tls = data[0] == _TLS_HANDSHAKE
        return struct.unpack("<H", self._call(protocol.SOCKET_SEND, bytes(data[:_MOST])))[0]

    def sendall(self, data):
        """Send `data`."""
        self.write(data)

    def read(self, count=-1):
        """`count` bytes, fewer when the peer has closed or nothing more is there without waiting; None: nothing is.

        Without `count` everything until the peer closes.
        """
        data = b""
        while count:
            try:
                part = self.recv(_MOST if count < 0 else count)
            except OSError as error:
                if error.errno != protocol.EAGAIN:
                    raise
                return data or None
            if not part:
                break
            data += part
            count = count if count < 0 else count - len(part)
        return data

    def readinto(self, buffer, count=-1):
        """As `read`, into `buffer`; returns how many bytes."""
        data = self.read(len(buffer) if count < 0 else count)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def readline(self):
        """Up to and with the next line feed."""
        line = b""
        while not line.endswith(b"\n"):
            part = self.read(1)
            if not part:
                break
            line += part
        return line

    def write(self, data, *bounds):
        """Write `data` (bytes or text), of which `bounds` give the size, or offset and size.

        Returns how much was written, None where nothing could be without waiting.
        """
        if isinstance(data, str):
            data = data.encode()
        view = memoryview(data)
        if bounds:
            offset = bounds[0] if len(bounds) > 1 else 0
            view = view[offset : offset + bounds[-1]]
        sent = 0
        while sent < len(view):
            try:
                sent += self.send(view[sent:])
            except OSError as error:
                if error.errno != protocol.EAGAIN:
                    raise
                return sent or None
        return sent

    def ioctl(self, request, argument):
        """What `tls` asks of a stream: 4: close it."""
        if request == 4:
            self.close()
        return 0

    def sendto(self, data, address):
        """Send a datagram to (address, port)."""
        place = struct.pack(">4sH", packed(address[0]), address[1])
        self._call(protocol.SOCKET_SEND_TO, place + bytes(data))
        return len(data)

    def recvfrom(self, count):
        """(datagram, (address, port))."""
        found = self._call(protocol.SOCKET_RECEIVE_FROM, struct.pack("<H", count))
        port = struct.unpack(">H", found[4:6])[0]
        return found[6:], ("%d.%d.%d.%d" % tuple(found[:4]), port)  # noqa: UP031

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
