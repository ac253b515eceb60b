"""A peer that follows a script, and the time that passes beside it, for tests of the link."""

EAGAIN, EINPROGRESS, ECONNRESET = 11, 119, 104
ASKED = "asked"
"""In a script: what follows comes when something was written since."""


class Wire:
    """A socket that never blocks, and the lock that serves its keypad meanwhile.

    script: what the peer sends, bytes each of which arrives a turn after the one before; an int is an error's number.
    up: what was written, a piece for each call. turns: how often the keypad was served, `step` ms each.
    """

    def __init__(self, *script, opens=0, step=10):
        self.script = list(script)
        self.up = []
        self.turns = 0
        self.ms = 0
        self.step = step
        self.answered = 0  # pieces written before the last ASKED
        self.opens = opens  # turns until the connection has come about
        self.closed = False
        self.address = None

    def now(self):
        return self.ms

    def turn(self):
        self.turns += 1
        self.ms += self.step

    # a socket

    def setblocking(self, flag):
        assert flag is False

    def connect(self, address):
        self.address = address
        if self.opens:
            raise OSError(EINPROGRESS)

    def readinto(self, buffer):
        if self.script and self.script[0] is ASKED and len(self.up) > self.answered:
            self.answered = len(self.up)
            self.script.pop(0)
        if not self.script or self.script[0] is ASKED:
            return None
        piece = self.script.pop(0)
        if piece is None or isinstance(piece, int):
            if piece is None:
                return None
            raise OSError(piece)
        if len(piece) > len(buffer):
            self.script.insert(0, piece[len(buffer) :])
            piece = piece[: len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, data):
        if self.turns < self.opens:
            raise OSError(EINPROGRESS)
        self.up.append(bytes(data))
        return len(data)

    def close(self):
        self.closed = True

    @property
    def sent(self):
        return b"".join(self.up)
