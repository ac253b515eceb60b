"""The connection to the broker, towards `umqtt.simple` its module `socket` and its socket in one.

    Link    gathers what is written until something is read, bounds what is read, never waits for ever
    tls     where the radio settings do not say `insecure`
    Stream  TCP, never blocking: while it waits it lets the lock serve its keypad, until the deadline

umqtt is told nothing of TLS. It makes its socket wait for ever once a packet has begun (`setblocking(True)`); here that
means until the deadline, which holds wherever the peer stalls: at connecting, in the handshake, within a packet.
"""

import io

from micropython import const

# Why there was no check-in, or only half of one: for the log and for whoever looks into it.
WIFI = const(1)  # no network, or no address in it
NAME = const(2)  # the broker's name was not resolved
BROKER = const(3)  # nobody answers there, or the connection broke
CERTIFICATE = const(4)  # the broker's certificate is not of the authority, not for the name, or not valid now
TLS = const(5)  # no TLS with the broker: another key, or none
DENIED = const(6)  # the broker knows no such user
STALLED = const(7)  # the deadline was over
NONSENSE = const(8)  # what came was no MQTT, or more of it than there may be
SILENT = const(9)  # no valid reply to the hello
DRIVER = const(10)  # the chip's Wi-Fi or its sockets refused
MEMORY = const(11)  # there was not enough
BROKEN = const(12)  # the firmware: a part of it is missing, or it failed in a way that nobody foresaw

SEGMENT = const(1400)
"""Bytes that are gathered at most: with what TLS adds, one TCP segment."""

MOST = const(1200)
"""Bytes that are read at once at most, which is more than any message has."""

UNSEEN_MS = const(20)
"""After which the keypad has its turn, however fast bytes come and go: twice the time between its other turns."""

_LENGTH = const(4)  # bytes of an MQTT packet's length at most (MQTT 3.1.1, 2.2.3)
_ETIMEDOUT = const(110)
# EAGAIN; EINPROGRESS and EALREADY, in newlib's and in Linux's numbers
_PENDING = (11, 119, 120, 115, 114)


class LinkError(OSError):
    """There is no connection, or no more; `reason` is one of the words above."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class Stream(io.IOBase):
    """A TCP connection as `tls` wants a stream; a negative count is an error's number.

    sock: a new socket. now(): ms. turn(): serves whoever is at the keypad and lets some ms pass. deadline: ms, after
    which nothing is waited for. waits: whether reading waits at all.
    """

    def __init__(self, sock, now, turn, deadline):
        self._sock = sock
        self._now = now
        self._turn = turn
        self.deadline = deadline
        self.waits = True
        self._seen = now()
        sock.setblocking(False)

    def connect(self, address):
        """Begin to connect to (IPv4 address as text, port). Raises OSError."""
        try:
            self._sock.connect(address)
        except OSError as error:
            if error.args[0] not in _PENDING:
                raise

    @property
    def expired(self):
        return self._now() >= self.deadline

    def readinto(self, buffer):
        """Some bytes; 0 when the peer has closed, None when there are none and reading does not wait."""
        while not self.expired:
            try:
                count = self._sock.readinto(buffer)
            except OSError as error:
                if error.args[0] not in _PENDING:
                    return -error.args[0]
                count = None
            self._serve(count is None and self.waits)
            if count is not None or not self.waits:
                return count
        return -_ETIMEDOUT

    def write(self, data):
        """Send some of `data`, at least a byte of it, and say how much."""
        while not self.expired:
            try:
                count = self._sock.write(data)
            except OSError as error:
                if error.args[0] not in _PENDING:
                    return -error.args[0]
                count = None
            self._serve(not count)
            if count:
                return count
        return -_ETIMEDOUT

    def _serve(self, waits):
        """Give the keypad its turn, if there is nothing else to do or it had none for long."""
        if waits or self._now() - self._seen >= UNSEEN_MS:
            self._turn()
            self._seen = self._now()

    def ioctl(self, request, _):
        """What `tls` asks of a stream: 4, close it."""
        if request == 4:
            self._sock.close()
        return 0


class Link:
    """stream: a `Stream` that is not connected yet. secure(stream): the same under TLS; None: without.

    idle: the last read that did not wait found nothing. kind: the first byte of the packet that is read.
    """

    def __init__(self, stream, secure):
        self._stream = stream
        self._secure = secure
        self._top = stream
        self._out = bytearray()
        self._waits = True
        self._singles = 0
        self.idle = False
        self.kind = 0

    # What umqtt asks of a module `socket`

    def socket(self):
        return self

    def getaddrinfo(self, host, port):
        """Addresses are known before; no name comes here."""
        return (((host, port),),)

    # and of a socket

    def settimeout(self, _):
        """The deadline counts."""

    def setblocking(self, flag):
        """False: the next read looks whether there is something. True: reads wait, until the deadline."""
        self._waits = flag
        self._singles = 0

    def connect(self, address):
        """Connect, with the TLS handshake where there is TLS. Raises LinkError."""
        try:
            self._stream.connect(address)
            if self._secure:
                self._top = self._secure(self._stream)
                self._secure = None  # with the key
        except ValueError:
            raise LinkError(CERTIFICATE)
        except (OSError, AttributeError):  # the last: pre-shared keys on a MicroPython before 1.29
            raise LinkError(self._why(TLS if self._secure else BROKER))

    def write(self, data, size=-1):
        """Have `data` (bytes or text), or its first `size` bytes, sent with the next read at the latest."""
        if isinstance(data, str):
            data = data.encode()
        self._out += data if size < 0 else data[:size]
        if len(self._out) >= SEGMENT:
            self.flush()

    def read(self, count):
        """`count` bytes; None if nothing has come and reading does not wait. Raises LinkError.

        What was gathered is sent once there is nothing to read, so that no answer hangs on it needlessly.
        """
        self._singles = self._singles + 1 if count == 1 else 0
        if count > MOST or count < 0 or count == 1 and self._singles > _LENGTH:
            raise LinkError(NONSENSE)
        data = bytearray(count)
        view = memoryview(data)
        got = 0
        while got < count:
            self._stream.waits = self._waits and not self._out
            try:
                more = self._top.readinto(view[got:])
            except OSError:
                more = -1
            if more is None and self._out:
                self.flush()
            elif more is None:
                self.idle = True
                return None
            elif more <= 0:
                raise LinkError(self._why(BROKER))
            else:
                got += more
        self.idle = False
        if not self._waits:
            self.kind = data[0]
        return bytes(data)

    def close(self):
        """Send what was gathered, and close; nothing is waited for any more."""
        try:
            self.flush()
        except LinkError:
            pass
        self._stream.deadline = 0
        try:
            if self._top is not self._stream:
                self._top.close()
            self._stream.ioctl(4, 0)
        except OSError:
            pass

    def flush(self):
        """Send what was gathered. Raises LinkError."""
        view = memoryview(self._out)
        self._out = bytearray()
        sent = 0
        while sent < len(view):
            try:
                count = self._top.write(view[sent:])
            except OSError:
                count = -1
            if not count or count < 0:
                raise LinkError(self._why(BROKER))
            sent += count

    def _why(self, otherwise):
        return STALLED if self._stream.expired else otherwise


def over_tls(name, authority=b"", identity="", key=b""):
    """A function that puts TLS over a stream: by certificate, or by pre-shared key where there is a `key`.

    name: what the broker's certificate must be for. authority: certificate of who signed that, DER. With a key, too, a
    certificate must be verified, so that a broker without the key cannot offer one instead: nobody has signed it.
    """

    def secure(stream):
        import tls

        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = tls.CERT_REQUIRED
        if key:
            context.psk_identity, context.psk_key = identity, key
        else:
            context.load_verify_locations(authority)
        return context.wrap_socket(stream, server_hostname=name)

    return secure
