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
_RETRY_MS = const(300_000)  # until a bolt that would not lock, or a stuck key, is looked at again


def run(board):
    """Serve one wake, then sleep; on the chip it does not return."""
    keypad = Keypad(board.rows, board.columns)
    session = None
    try:
        from firmware.assembly import build

        session = build(board, keypad)
        serve(board, session)
    except Exception:  # whatever it was: no current on the motor, and the next wake starts afresh
        board.motor_off()
        if session:
            session.crashed()
    locked = not board.locked.value()
    board.sleep(_RETRY_MS if keypad.active or not locked else 0, not locked)


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
