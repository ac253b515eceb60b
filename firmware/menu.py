"""The menu of owner and service at the keypad. Loaded only once a code was accepted that may use it."""


class Menu:
    """Open from an accepted code until 30 s without a key, `*`, or the end of the session, as the session decides.

    wake: the parts of this wake, `assembly.Wake`. session: whose entries these are. permissions: what the code may do.
    """

    def __init__(self, wake, session, permissions):
        self._wake = wake
        self._session = session
        self._permissions = permissions

    def takes(self, length):
        """Whether an entry of so many digits is for the menu, and not a code: no code is so short."""
        return length <= 5

    def enter(self, digits, length, now):
        """Do what the first `length` of `digits` (ASCII) ask for at `now` (ms)."""
        self._session.signals.play("wrong", now)

    def follow(self, happened, now):
        """The bolt or the door did something that no code asked for: a report of `Door`."""
