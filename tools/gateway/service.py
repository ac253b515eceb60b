"""The gateway that runs: messages in, committed together, answers out; the key file read again when it has changed."""

from tools.gateway.connection import Connection
from tools.gateway.gateway import Gateway
from tools.gateway.home import Home
from tools.gateway.keyfile import KeyFileError, finish_rotation, load
from tools.gateway.store import Store

_STEP_S = 0.1


class Service:
    """Over the key file at `path`. Raises as `load` and Store do.

    tell(label, word, text): shows what happens, once it has been answered; the label of no lock is `gateway`.
    """

    def __init__(self, path, tell):
        keys = load(path)
        self._path = path
        self._tell = tell
        self._said = []
        self._version = _version(path)
        self._home = Home()
        self.store = Store(keys.store)
        self.gateway = Gateway(keys, self.store, self._note, self._home)
        self._connection = Connection(keys.broker, self.gateway.topics, lambda word, text: self._note("", word, text))

    def step(self, timeout=_STEP_S):
        """One turn: whatever has come is kept, all at once, and only then answered."""
        messages = self._connection.step(timeout)
        self._look_at_keys()
        joined, self._connection.joined = self._connection.joined, False
        with self.store.batch():
            for message in messages:
                self.gateway.receive(*message)
            self.gateway.tick()
            if joined:
                self.gateway.outbox += self._home.announce(self.gateway.keys, self.store)
        for item in self.gateway.outbox:
            self._connection.publish(*item)
        self.gateway.outbox.clear()
        self._end_rotations()
        for lock_id, word, text in self._said:
            known = self.gateway.keys.locks.get(lock_id)
            self._tell(known.label if known else "gateway", word, text)
        self._said.clear()

    def _note(self, *said):
        self._said.append(said)

    def close(self):
        """Take leave of the broker, close the store."""
        self._connection.close()
        self.store.close()

    def _end_rotations(self):
        """Have the key file say that a next root key is the only one."""
        for lock_id in self.gateway.rotated:
            try:
                finish_rotation(self._path, lock_id)
            except (KeyFileError, OSError) as error:  # both keys stay in the file, and the next hello asks again
                self._note(lock_id, "key file", str(error))
                continue
            self._note(lock_id, "key", "the new root key is the only one now")
        self.gateway.rotated.clear()

    def _look_at_keys(self):
        """Read the key file again if it has changed."""
        version = _version(self._path)
        if version == self._version:
            return
        self._version = version
        try:
            self.gateway.keys = load(self._path)
        except (KeyFileError, OSError) as error:
            self._note("", "key file", f"{error}; going on with the one before")
            return
        self._connection.renew()


def _version(path):
    """Another one for another content of the file; None where there is none just now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
