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

from firmware.drivers.keypad import PRESS_MS, Keypad

_POLL_MS = const(10)
_NAP_MS = const(4000)  # half the watchdog's time
_LOOK_MS = const(250)  # a turn at least so often in a check-in
_RETRY_MS = const(300_000)
_DAY_MS = const(86_400_000)
_MOST_RETRIES = const(9)  # twice nine times 5 minutes is more than a day
_STUCK_MS = const(300_000)  # until a stuck key, which cannot wake the chip, is looked at again


def run(board):
    """Serve one wake, then sleep; on the chip it does not return."""
    board.guard()
    keypad = Keypad(board.rows, board.keyed)
    from firmware.assembly import build

    session, calling = build(board, keypad)
    try:
        serve(board, session, calling)
        if session.door.locked or not session.door.closed or session.door.held(board.now()):
            calling.wake.in_order()
    except Exception:  # whatever it was: nothing moves any more, and the next wake starts afresh
        board.quiet()
        calling.wake.crash()
    now = board.now()
    calling.wake.memory.stuck = keypad.down
    retry_ms, radio_ms = _retry_ms(session.door, calling.wake.memory, board), calling.radio_ms()
    if radio_ms:
        retry_ms = min(retry_ms or radio_ms, radio_ms)
    if keypad.active:
        retry_ms = min(retry_ms or _STUCK_MS, _STUCK_MS)
    board.sleep(retry_ms, not (session.door.locked or session.door.held(now)))


def _retry_ms(door, memory, board):
    """When to look again without a key: when the bolt may be thrown, or after 5 minutes, then twice that, up to a day,
    since a stalled motor eats the batteries; 0: never, the bolt is locked. While it is held open, a little before that
    ends: the chip's own clock, which ends a sleep, may be 5 % slow."""
    held, deferred = door.held(board.now()), door.deferred(board.now())
    if held:
        memory.keep()
        return held - held // 20
    delay = 0 if door.locked else deferred or min(_RETRY_MS << memory.retries, _DAY_MS)
    memory.relock_at = deferred and board.rtc_seconds() + deferred // 1000 + 1
    memory.retries = 0 if door.locked else min(memory.retries + (not deferred), _MOST_RETRIES)
    memory.keep()
    return delay


def serve(board, session, calling):
    """Turn the loop until there is nothing left to do and nobody is typing."""
    keypad, signals = session.keypad, session.signals
    while True:
        sound = turn(board, session)
        now = board.now()
        pause = session.pause(now)
        rest = min(sound or pause, pause or sound, _NAP_MS)
        if session.work():
            ahead(board, session, now + rest)
            continue
        if not rest and not keypad.settled:  # a key that has just gone down
            rest = _POLL_MS
        idle = not rest
        if idle:
            session.close()
        reason = calling.reason(session, idle)
        if reason:
            session.looked, session.discreet = board.now(), calling.discreet(reason)
            calling.check_in(session, reason, lambda: breathe(board, session))
            continue
        if idle:
            return
        if keypad.active or session.door.bolt.moving or signals.sounding:
            watch(board, keypad, session.door, rest)
        else:
            board.doze(rest)


def ahead(board, session, until):
    """Compute further candidates until ms `until`, but no more than until there is none or somebody wants a turn."""
    keypad, door = session.keypad, session.door
    while True:
        now = board.now()
        if keypad.poll(now) or now >= until or door.bolt.moving and door.stirred or not session.work():
            return


def watch(board, keypad, door, ms):
    """Let `ms` pass, but no more than until a key or the bolt wants a turn: light sleep would not see it, or stop PWM.

    What is looked at here is looked at a hundred times a second.
    """
    moving = door.bolt.moving
    until = board.now() + ms if moving else 0
    for _ in range((ms + _POLL_MS - 1) // _POLL_MS):
        board.wait(_POLL_MS)
        if not (keypad.settled and keypad.steady()) and keypad.poll(board.now()):
            return
        if moving and (door.stirred or board.now() >= until):
            return


def turn(board, session):
    """Serve keypad, door, session and signals; returns the ms until the next step of a pattern, 0: none plays.

    The watchdog is fed at the end: only when all have had their turn.
    """
    now = board.now()
    session.keypad.poll(now)
    session.tick(now)
    sound = session.signals.tick(board.now()) if session.signals.playing else 0  # to judge an entry takes its time
    board.watchdog.feed()
    return sound


def breathe(board, session):
    """Some ms in the midst of a check-in, and a turn where one is due; with a bolt that moves, until it is at rest."""
    now = board.now()
    if now - session.looked > PRESS_MS:
        session.blind(now)
    busy = True
    while busy:
        busy = session.busy
        if session.keypad.poll(now) or now >= session.quiet or busy or session.signals.playing:
            turn(board, session)
            busy = session.busy
            session.quiet = 0 if session.work() else now + min(session.pause(now) or _LOOK_MS, _LOOK_MS)
        board.wait(_POLL_MS)
        now = session.looked = board.now()
