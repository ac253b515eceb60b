"""MicroPython's `tls` (`modtls_mbedtls.c`) for the simulated chip on CPython. The VM has its own.

As there: TLS 1.2, a client's context requires a certificate and the name that it is for, what is wrong with it is a
ValueError, everything else OSError with mbedTLS's number. No pre-shared keys: where they are set, there is no such
attribute, as in MicroPython before 1.29. The dates of certificates are held against the chip's own clock.
"""

import ssl
from time import mktime, time

CERT_NONE = 0
CERT_OPTIONAL = 1
CERT_REQUIRED = 2
PROTOCOL_TLS_CLIENT = 0
PROTOCOL_TLS_SERVER = 1

_EAGAIN = 11
_CONNECTION_EOF = -0x7280
_FATAL_ALERT = -0x7780
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL: its clock is the computer's
_CHUNK = 4096

_WORDS = {
    10: "The certificate validity has expired\n",
    9: "The certificate validity starts in the future\n",
    62: "The certificate Common Name (CN) does not match with the expected CN\n",
}
_UNTRUSTED = "The certificate is not correctly signed by the trusted CA\n"


class SSLContext:
    """A client's; with a certificate of the authority from `load_verify_locations`."""

    __slots__ = ("_context", "_mode", "_authorities")

    def __init__(self, protocol):
        if protocol != PROTOCOL_TLS_CLIENT:
            raise ValueError("only a client here")
        self._context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags |= _NO_CHECK_TIME
        self._mode = CERT_REQUIRED

    @property
    def verify_mode(self):
        return self._mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._mode = mode
        self._context.check_hostname = False
        self._context.verify_mode = (ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED)[mode]
        self._context.check_hostname = mode == CERT_REQUIRED

    def load_verify_locations(self, cadata, /):
        """Trust the authority whose certificate `cadata` is, DER. Raises ValueError for anything else."""
        try:
            self._context.load_verify_locations(cadata=bytes(cadata))
        except ssl.SSLError as error:
            raise ValueError("invalid cert") from error

    def wrap_socket(self, sock, *, server_side=False, do_handshake_on_connect=True, server_hostname=None):
        """TLS over the stream `sock`."""
        if self._mode == CERT_REQUIRED and server_hostname is None:
            raise ValueError("CERT_REQUIRED requires server_hostname")
        wrapped = SSLSocket(self._context, sock, server_hostname, self._mode == CERT_REQUIRED)
        if do_handshake_on_connect:
            wrapped._handshake()
        return wrapped


class SSLSocket:
    """What `wrap_socket` returns. It has no `settimeout`; an error other than EAGAIN is its last."""

    def __init__(self, context, sock, host, dated):
        self._sock = sock
        self._context = context
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._unsent = b""
        self._dated = dated
        self._shaken = False
        self._error = None

    def _handshake(self):
        while self._run(self._tls.do_handshake) is None:
            pass
        self._shaken = True

    def _run(self, operation, *arguments):
        """(what `operation` returned,), or None where it would have to wait and the socket does not."""
        if self._error:
            raise OSError(*self._error)
        try:
            return self._until_done(operation, arguments)
        except OSError as error:
            self._error = error.args
            raise

    def _until_done(self, operation, arguments):
        while True:
            try:
                found = operation(*arguments)
            except ssl.SSLWantReadError:
                if not self._flush() or not self._fill():
                    return None
                continue
            except ssl.SSLError as error:
                if self._shaken and isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
                    return (b"",)  # also where the peer has not taken its leave
                self._flush()
                raise _translated(error) from None
            if not self._shaken and self._dated:
                _check_dates(self._context, self._tls)
            self._shaken = True
            self._flush()
            return (found,)

    def _flush(self):
        """Send what TLS wants to send; returns whether all has gone."""
        self._unsent += self._outgoing.read()
        if self._unsent:
            self._unsent = self._unsent[_counted(self._sock.write(self._unsent)) or 0 :]
        return not self._unsent

    def _fill(self):
        """Take in what has come; returns whether something has, the end included."""
        try:
            data = self._some()
        except OSError as error:
            if error.errno == _EAGAIN:
                return False
            raise
        if data is None:
            return False
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return True

    def _some(self):
        """Bytes from a socket, or from any other stream: None where it has none now."""
        if hasattr(self._sock, "recv"):
            return self._sock.recv(_CHUNK)
        data = bytearray(_CHUNK)
        count = _counted(self._sock.readinto(data))
        return None if count is None else bytes(data[:count])

    def read(self, count=-1):
        """As that of a socket."""
        parts = []
        while count:
            found = self._run(self._tls.read, _CHUNK if count < 0 else count)
            if found is None:
                return b"".join(parts) if parts else None
            if not found[0]:
                break
            parts.append(found[0])
            count = count if count < 0 else count - len(found[0])
        return b"".join(parts)

    def readinto(self, buffer, count=-1):
        """As that of a socket."""
        data = self.read(len(buffer) if count < 0 else count)
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data, *bounds):
        """As that of a socket."""
        if isinstance(data, str):
            data = data.encode()
        view = memoryview(data)
        if bounds:
            offset = bounds[0] if len(bounds) > 1 else 0
            view = view[offset : offset + bounds[-1]]
        if not view:
            return 0
        found = self._run(self._tls.write, view)
        return found and found[0]

    def setblocking(self, flag):
        self._sock.setblocking(flag)

    def cipher(self):
        return self._tls.cipher()[:2]

    def close(self):
        self._sock.ioctl(4, 0)


def _counted(count):
    """What a stream's method has returned: a count, None, or below zero an error's number, which is raised."""
    if count is not None and count < 0:
        raise OSError(-count, "of the stream")
    return count


def _translated(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return ValueError(_WORDS.get(error.verify_code, _UNTRUSTED))
    if isinstance(error, ssl.SSLEOFError):
        return OSError(_CONNECTION_EOF, "MBEDTLS_ERR_SSL_CONN_EOF")
    return OSError(_FATAL_ALERT, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE")


def _check_dates(context, tls):
    """Hold the dates of the peer's certificate and of the authority's against the chip's clock."""
    now = time() - mktime((1970, 1, 1, 0, 0, 0, 0, 0))
    for certificate in [tls.getpeercert()] + context.get_ca_certs():
        if now > ssl.cert_time_to_seconds(certificate["notAfter"]):
            raise ValueError(_WORDS[10])
        if now < ssl.cert_time_to_seconds(certificate["notBefore"]):
            raise ValueError(_WORDS[9])
