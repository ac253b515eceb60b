"""The address of a name: one question to the name server (RFC 1035), with an end, which the chip's resolver has not.

Nothing rests on the answer: whoever gives a wrong one has no certificate for the broker's name.
"""

import struct

from micropython import const

from firmware.net.link import NAME, UNSEEN_MS, LinkError

_PORT = const(53)
_AGAIN_MS = const(1000)
_PENDING = const(11)  # EAGAIN
_RECURSION = const(0x0100)
_MOST = const(512)
_A, _IN = const(1), const(1)


def resolve(sock, server, host, number, now, turn, deadline):
    """Four bytes: the first IPv4 address of `host`. Raises LinkError when there is none by `deadline`.

    sock: a new UDP socket. server: address of the name server. number: 0 to 65535, that nobody can foresee. now(): ms.
    turn(): serves whoever is at the keypad and lets some ms pass.
    """
    query = question(host, number)
    sock.setblocking(False)
    again = served = now()
    while now() < deadline:
        if now() >= again:
            again = now() + _AGAIN_MS
            _send(sock, query, (server, _PORT))
        data, source = _receive(sock)
        if data and source[0] == server:
            address = answer(data, query)
            if address:
                return address
        if not data or now() - served >= UNSEEN_MS:
            turn()
            served = now()
    raise LinkError(NAME)


def question(host, number):
    """The query for the A record of `host`. Raises LinkError for what is no name."""
    query = struct.pack(">HHHHHH", number, _RECURSION, 1, 0, 0, 0)
    for label in host.encode().split(b"."):
        if not 0 < len(label) < 64:
            raise LinkError(NAME)
        query += bytes((len(label),)) + label
    return query + struct.pack(">BHH", 0, _A, _IN)


def answer(data, query):
    """The first address in an answer to `query`; None for anything else."""
    end = len(query)
    if len(data) < end or data[:2] != query[:2] or not data[2] & 0x80 or data[3] & 0x0F or data[12:end] != query[12:]:
        return None
    try:
        for _ in range(struct.unpack_from(">H", data, 6)[0]):
            end = _after_name(data, end)
            if end + 10 > len(data):
                return None
            kind, family, _, size = struct.unpack_from(">HHIH", data, end)
            end += 10 + size
            if (kind, family, size) == (_A, _IN, 4) and end <= len(data):
                return bytes(data[end - 4 : end])
    except IndexError:
        pass
    return None


def _after_name(data, at):
    """Where the name at `at` ends: labels up to an empty one, or up to a pointer (RFC 1035 4.1.4)."""
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1


def _send(sock, query, address):
    try:
        sock.sendto(query, address)
    except OSError:
        pass


def _receive(sock):
    try:
        return sock.recvfrom(_MOST)
    except OSError as error:
        if error.args[0] != _PENDING:
            raise LinkError(NAME)
        return b"", None
