"""Keyed MACs: whoever can write to flash but lacks the key cannot make a record that is believed.

A MAC is the first 4 bytes of SHA-256 over key, context and body, 55 bytes at most. HMAC would take four blocks where
this takes one. What HMAC guards against is a message made longer by somebody without the key; here every message under
a key has one length, so a longer one is none.

The journal's records are sealed one by one under a key from the vault (`Sealed`). The log's events are chained, each to
the one before, under a key that changes with each sector and is destroyed with it (`Chained`): who reads the chip out
today cannot rewrite what stood there yesterday. The owner keeps the first key and checks all of it.
"""

from hashlib import sha256

from micropython import const

from firmware.store.sectors import BODY_SIZE, HEADER, NO_MAC, SEED_SIZE

KEY = const(0xEF)  # type of the record that holds a sector's key
KEY_SIZE = const(18)
MAC_SIZE = const(4)
UNKEYED = bytes(KEY_SIZE)  # what a log goes on with whose key was lost; anybody can compute with it


def next_key(key):
    """The key of the next sector of the log: sector 1 has `next_key` of the first key. `UNKEYED` stays as it is."""
    return UNKEYED if key == UNKEYED else sha256(b"dropbolt/audit" + key).digest()[:KEY_SIZE]


def event_mac(key, before, body):
    """MAC of an event of the log: `key` of its sector, `before`: MAC of the event before, `body`: its 24 bytes."""
    digest = sha256(key)
    digest.update(before)
    digest.update(body)
    return digest.digest()[:MAC_SIZE]


class Sealed:
    """Seals each record by itself. key: 16 bytes. A seed is what the record's CRC begins with: ring, sector, place."""

    def __init__(self, key):
        self._message = bytearray(key) + bytes(SEED_SIZE + BODY_SIZE)
        self._seed_at = len(key)

    def mac(self, seed, body):
        """MAC of a body in the place that the seed says."""
        message, at = self._message, self._seed_at
        message[at : at + SEED_SIZE] = seed
        message[at + SEED_SIZE :] = body
        return sha256(message).digest()[:MAC_SIZE]

    def accepts(self, seed, body, mac):
        """Whether this MAC was made with the key."""
        return mac == self.mac(seed, body)


class Chained:
    """Seals events one after the other. key: of the newest sector; head: MAC of the newest event.

    A header holds the head, so that a sector can be checked after the one before it is gone. What is neither event nor
    header holds no MAC. Nothing that opens the door rests on the log: the owner checks it, not the lock.
    """

    def __init__(self):
        self.begin(UNKEYED)

    def begin(self, key):
        """A log without events, whose first sector will have the key after `key`."""
        self.key = key
        self.head = NO_MAC

    def mac(self, seed, body):
        """What goes into the MAC's place of a record."""
        if int.from_bytes(seed[-2:], "little") == HEADER:
            return self.head
        return event_mac(self.key, self.head, body) if body[0] < KEY else NO_MAC

    def accepts(self, seed, body, mac):
        """Nothing is refused."""
        return True
