"""Wake, session, sleep: wiring only.

          key            '#'           may open           end switch
    READY ---> TYPING ---------> JUDGED --------> OPENING ----------> OPEN
      ^  ^       | '*', 10 s       | refused        | jammed            | door closed, relock delay
      |  '-------'<----------------'<---------------'                   v
      '------------------------------------------------------------ LOCKING
    READY, 10 s without a key --> ASLEEP --key, door, timer--> boot.py

`Session` owns the upper row, `Door` the bolt; neither waits for the other's person. The keypad comes first and is
looked at between the parts that load after it, so that keys typed meanwhile are not lost.
"""

from micropython import const

from firmware.drivers.keypad import Keypad

_POLL_MS = const(10)
_NAP_MS = const(4000)  # half the watchdog's time
_STUCK_MS = const(300_000)  # until a stuck key, which cannot wake the chip, is looked at again


def run(board):
    """Serve one wake, then sleep; on the chip it does not return."""
    keypad = Keypad(board.rows, board.columns)
    from firmware.assembly import build

    session = build(board, keypad)
    try:
        serve(board, session)
    except Exception:  # whatever it was: nothing moves any more, and the next wake starts afresh
        board.quiet()
        session.crashed()
    now = board.now()
    retry_ms = session.retry_ms(now)
    if keypad.active:
        retry_ms = min(retry_ms or _STUCK_MS, _STUCK_MS)
    board.sleep(retry_ms, not (session.door.locked or session.door.held(now)))


def serve(board, session):
    """Turn the loop until there is nothing left to do and nobody is typing.

    The watchdog is fed at the end of a turn: only when keypad, door, session and signals have all had theirs.
    """
    keypad, signals = session.keypad, session.signals
    while True:
        now = board.now()
        keypad.poll(now)
        session.tick(now)
        sound = signals.tick(now)
        board.watchdog.feed()
        if session.work():
            continue
        pause = session.pause(now)
        if not pause and not sound:
            session.close()
            return
        if keypad.active or session.door.bolt.moving or signals.sounding:
            board.wait(_POLL_MS, False)
        else:
            board.wait(min(sound or pause, pause or sound, _NAP_MS), True)
