"""At the lock's prompt: what provisioning does to flash and clock, by the firmware's own modules.

`tools/provision/lock.py` sends this text to a lock whose console is open, and then calls the functions. Bytes come
before, in pieces, by `take`. Answers are JSON. A set is in the vault wholly or not at all, and comes after journal and
log, so a board that a cut left half done is still a bare one.
"""

import json
import struct
from binascii import a2b_base64, hexlify, unhexlify
from hashlib import sha256

import machine

from firmware.board import Board
from firmware.calling import BANKS
from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.memory import Memory
from firmware.net.keys import KEY_SIZE
from firmware.net.settings import pack
from firmware.store import FULL, SECTORS
from firmware.store.audit import Audit
from firmware.store.journal import Journal
from firmware.store.vault import PIECE, Vault, VaultError
from firmware.sync import SyncError, synchronise

_SETS, _RADIO = "ab", BANKS
_SECRET = ("lock", "journal", "salt", "mac")
_NEEDED = _SECRET + ("issuers", "command")  # to go on after a cut


board = Board()
nvs = board.nvs("dropbolt")
partition = board.partition("locklog")
parts = {}
journal = state = None


def say(*answer):
    print(json.dumps(answer))


def take(name, piece):
    """Put base64 text behind what there is of that name; an empty one begins it anew."""
    if piece:
        parts[name].extend(a2b_base64(piece))
    else:
        parts[name] = bytearray()


def about():
    """The chip's own number, and whether the partition has the size that the lock was made for."""
    say(hexlify(machine.unique_id()).decode(), bool(partition) and partition.ioctl(4, 0) == SECTORS)


def whose():
    """Whose lock it is: why there is no set, a word; or id, fingerprint of ids and keys, generation, settings without
    them, SHA-256 of the grants, and (id, revoked, label) of each."""
    vault = Vault(nvs)
    try:
        settings, packed = vault.load()
        fields = json.loads(bytes(settings).decode())
        fingerprint = sha256("".join([fields[name] for name in _SECRET]).encode())
        grants = Grants(packed)
    except VaultError as error:
        say(error.reason)
        return
    except Exception:
        say("unreadable")
        return
    rows = [(grants.id(i), grants.revoked(i), grants.label(i)) for i in range(len(grants))]
    lock = fields["lock"]
    for name in _SECRET:
        del fields[name]
    digest = hexlify(sha256(packed).digest()).decode()
    say(lock, hexlify(fingerprint.digest()).decode(), vault.generation, fields, digest, rows)


def forget():
    """Make it a bare board: no set counts any more, and none of its keys stays."""
    try:
        settings, _ = Vault(nvs).load()
        nvs.erase_key("j" + json.loads(bytes(settings).decode())["journal"][:14])
    except Exception:  # it has no set, or no anchor
        pass
    for banks in (_SETS, _RADIO):
        Vault(nvs, banks).forget()
    say()


def begin():
    """Begin journal and log of a bare board, by `settings`, `grants` and the log's first key, `log`."""
    _open(parts["settings"], parts["grants"])
    journal.format()
    Audit(partition, unhexlify(json.loads(bytes(parts["settings"]).decode())["journal"])).format(parts["log"])
    say()


def replace():
    """Have `settings` and `grants` be the set in the vault, of a generation above those that the journal knows."""
    vault = Vault(nvs)
    while True:
        try:
            vault.replace(parts["settings"], parts["grants"])
        except VaultError as error:
            if error.reason != FULL:
                raise
            _approach(vault)
            vault.replace(parts["settings"], parts["grants"])
        if state is None or vault.generation >= state.generation:
            break
    say(vault.generation)


def _approach(vault):
    """Have the grants in the vault piece by piece: more of them differ than NVS has room for at once.

    Until the last settings come there are too few for a lock that opens: a cut on the way leaves it closed, for this
    to be done again, and its journal as it is.
    """
    settings, table = vault.load()
    fields = json.loads(bytes(settings).decode())
    fields = {name: fields[name] for name in fields if name in _NEEDED}
    settings, wanted = json.dumps(fields).encode(), parts["grants"]
    for at in range(0, len(wanted), PIECE):
        table[at : at + PIECE] = wanted[at : at + PIECE]
        vault.replace(settings, table)


def radio():
    """Have `radio` be the radio's settings, with `authority`, and `keys` of issuers that it has none of beside the keys
    that are there, which may be later ones. Without settings it has no radio."""
    vault = Vault(nvs, _RADIO)
    try:
        text, more = vault.load()
    except VaultError:
        text, more = b"", b"\0\0"
    keys = bytearray(more[2 + struct.unpack_from("<H", more)[0] :])
    known = [keys[at] for at in range(0, len(keys), KEY_SIZE)]
    for at in range(0, len(parts["keys"]), KEY_SIZE):
        if parts["keys"][at] not in known:
            keys += parts["keys"][at : at + KEY_SIZE]
    wanted = pack(keys, parts["authority"])
    if text and not parts["radio"]:
        vault.forget()
    elif (text, more) != (parts["radio"], wanted):
        vault.replace(parts["radio"], wanted)
    memory = Memory(board)
    memory.radio_at = 1 if parts["radio"] else 0
    memory.keep()
    say()


def mount():
    """Read the journal of the set that is in the vault: the floor in unix seconds, the newest set that it knows."""
    _open(*Vault(nvs).load())
    journal.mount()
    say(state.floor, state.generation)


def _open(settings, packed):
    global journal, state
    fields = json.loads(bytes(settings).decode())
    state = State(Grants(packed))
    journal = Journal(partition, state, unhexlify(fields["journal"]), unhexlify(fields["mac"]), nvs)


def set_clock(t, uncertainty_ms, reset_floor):
    """Set clock and floor; says why not, if the time cannot be right."""
    try:
        synchronise(board, Memory(board), journal, state, t, uncertainty_ms, reset_floor)
    except SyncError as error:
        say(str(error))
        return
    say("")
