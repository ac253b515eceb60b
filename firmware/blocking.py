"""Where arithmetic blocks: who is at the keypad is told before, and no key that may be missing is passed over.

In a check-in TLS computes for a second, and a new set is read, held against its rules and written for as long; nobody
looks at the keypad then. Before it, whoever is there may end his entry, hears the answer to it, and is told `busy`
(`announce`). Between the steps keys are noted and the watchdog is fed (`pulse`). An entry into which such a time falls
all the same is not judged but answered `busy` (`Session.blind`). The stretch of a number, 150 ms at most, comes after
`#` and before the answer, and needs no such word.
"""

from micropython import const

_TYPING_MS = const(3000)  # for the end of an entry
_SAYING_MS = const(2500)  # for an answer, the longest of which takes 2.4 s


def announce(session, now, turn):
    """Say to whoever is there that nobody will look for a while; nothing is said, or waited for, if nobody is.

    now(): ms. turn(): serves the door and whoever is there, and lets some ms pass.
    """
    signals = session.signals
    if session.discreet or not session.pause(now()):
        return
    until = now() + _TYPING_MS
    while session.typing and now() < until:
        turn()
    _hear_out(signals, now, turn)
    signals.play("busy", now())
    _hear_out(signals, now, turn)


def _hear_out(signals, now, turn):
    until = now() + _SAYING_MS
    while signals.playing and now() < until:
        turn()


def pulse(session, board):
    """Between two steps that block: nothing is judged, lest the set change under who changes it."""
    now = board.now()
    session.keypad.poll(now)
    session.signals.tick(now)
    board.watchdog.feed()
