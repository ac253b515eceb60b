"""Certificates for brokers under test: an authority of our own, and what goes wrong with those of others.

RSA, since its signatures have one length: a handshake then has the same number of bytes in every run.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2049, 12, 31, tzinfo=UTC)
"""Valid by the simulated clocks, which stand in 2026, and by the computer's own."""

_SERIAL = 0x1234_5678


@cache
def _key(number):
    """One of this run's keys: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates; `der` is its own. Another `number` is another authority of the same name."""

    def __init__(self, number=0):
        self._key = _key(number)
        self._name = _name("Dropbolt test authority")
        builder = _builder(self._name, self._name, self._key, BEGIN, END)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = builder.sign(self._key, hashes.SHA256())
        self.der = certificate.public_bytes(serialization.Encoding.DER)

    def issue(self, host, begin=BEGIN, end=END):
        """A certificate for `host`, a name or an address, valid between the two datetimes."""
        key = _key("server")
        builder = _builder(_name(host), self._name, key, begin, end)
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        return Issued(
            builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )


def _alternative(host):
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject, issuer, key, begin, end):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(_SERIAL)
        .not_valid_before(begin)
        .not_valid_after(end)
    )
