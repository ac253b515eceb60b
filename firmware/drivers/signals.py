"""LED and buzzer: one pattern for each thing the lock has to say to a person.

A pattern is a tuple of steps, each a number, since a number takes no heap of its own: its lowest 11 bits are ms, the 12
above them the buzzer's Hz, 0 for silence, and LIT is set while the LED shines. So what is dark and silent is its ms.
Light is winks (up to 80 ms), short flashes (100 to 250 ms) and long ones (500 ms and more), dark up to 200 ms in
between, and no two answers have the same row of them: a muted lock, or a person who does not hear, still gets the whole
answer. What a person should read from each stands above it; docs/courier.md has the picture.
"""

from micropython import const

_DUTY = const(32768)  # square wave: loudest for a piezo

LIT = const(0x800000)
HZ_AT = const(11)
_HZ = const(0xFFF)
_MS = const(0x7FF)


def _lit(hz, ms):
    return LIT | hz << HZ_AT | ms


def _beeps(count, hz, on_ms, off_ms):
    return (_lit(hz, on_ms), off_ms) * count


def unpacked(steps):
    """(LED level, Hz or 0, ms) of each step, for who draws or checks them."""
    return [(step // LIT, step >> HZ_AT & _HZ, step & _MS) for step in steps]


PATTERNS = {
    # the keypad listens
    "ready": (_lit(2000, 60),),
    # one key was taken
    "key": (_lit(1500, 30),),
    # the bolt is open
    "opened": (_lit(1047, 150), _lit(1319, 150), _lit(1568, 300), _lit(0, 400)),
    # right, and no bolt moves: the lock waits for what comes next, or has done it
    "accepted": (_lit(1047, 150), 150, _lit(1319, 500), 150, _lit(1568, 150)),
    # no such code
    "wrong": _beeps(3, 300, 200, 150),
    # the check digit does not fit: type it again
    "mistyped": _beeps(2, 700, 250, 150),
    # this code has opened before
    "used": (_lit(400, 600), 150, _lit(400, 150)),
    # come back when the window begins
    "early": (_lit(600, 150), 150, _lit(900, 600)),
    # the window is over
    "late": (_lit(900, 600), 150, _lit(600, 150), 150, _lit(600, 150)),
    # nothing is wrong with the code; try again later
    "later": _beeps(2, 500, 600, 200),
    # ask the owner
    "owner": (_lit(500, 150), 150, _lit(500, 150), 150, _lit(500, 600)),
    # the battery cannot move the bolt
    "battery": _beeps(5, 250, 100, 100),
    # the bolt does not move: push or pull the door and try again
    "jammed": (_lit(250, 500), 150, _lit(250, 150), 150) * 2,
    # wait: the answer comes later
    "busy": _beeps(4, 0, 40, 60),
    # the door stands open
    "ajar": _beeps(3, 1200, 600, 200),
    # the bolt is thrown
    "locked": (_lit(800, 80), 80, _lit(500, 80)),
}


class Signals:
    """Plays one pattern at a time; a new one replaces what is still playing.

    `led` is an output pin, `buzzer` a PWM channel. With `mute` the buzzer stays silent and the LED says it all.
    """

    def __init__(self, led, buzzer, mute=False):
        self._led = led
        self._buzzer = buzzer
        self.mute = mute
        self._steps = ()
        self._next = 0
        self._until = 0
        self._begun = -1  # ms at which a pattern was begun that no tick has seen yet
        self._sounding = False

    @property
    def playing(self):
        return bool(self._steps)

    @property
    def sounding(self):
        """True while the buzzer's PWM runs: light sleep would stop it."""
        return self._sounding

    def play(self, name, now):
        """Begin the pattern `name` at `now` (ms)."""
        self.begin(PATTERNS[name], now)

    def begin(self, steps, now):
        """Begin `steps`, as a pattern has them, at `now` (ms); the first one lasts from the next tick on, since whoever
        begins it may have taken long since `now`."""
        self._steps = steps
        self._next = 0
        self._until, self._begun = now, -1
        self.tick(now)
        self._begun = now

    def tick(self, now):
        """Do what is due at `now` (ms); return the ms until the next step, 0 when nothing plays."""
        if self._begun >= 0:
            self._until += now - self._begun
            self._begun = -1
        while self._steps and now >= self._until:
            if self._next == len(self._steps):
                self.off()
                break
            step = self._steps[self._next]
            self._next += 1
            self._until += step & _MS
            self._led.value(step // LIT)
            self._sound(0 if self.mute else step >> HZ_AT & _HZ)
        return self._until - now if self._steps else 0

    def off(self):
        """Dark and silent at once."""
        self._steps = ()
        self._led.value(0)
        self._sound(0)

    def _sound(self, hz):
        if hz:
            self._buzzer.freq(hz)
            self._buzzer.duty_u16(_DUTY)
        elif self._sounding:
            self._buzzer.duty_u16(0)
        self._sounding = bool(hz)
