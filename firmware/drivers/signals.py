"""LED and buzzer: one pattern for each thing the lock has to say to a person.

A pattern is a tuple of steps (LED level, buzzer frequency in Hz or 0, duration in ms). Its light is winks (up to
80 ms), short flashes (100 to 250 ms) and long ones (500 ms and more), dark up to 200 ms in between, and no two answers
have the same row of them: a muted lock, or a person who does not hear, still gets the whole answer. What a person
should read from each stands above it; docs/courier.md has the picture.
"""

from micropython import const

_DUTY = const(32768)  # square wave: loudest for a piezo


def _beeps(count, hz, on_ms, off_ms):
    return ((1, hz, on_ms), (0, 0, off_ms)) * count


PATTERNS = {
    # the keypad listens
    "ready": ((1, 2000, 60),),
    # one key was taken
    "key": ((1, 1500, 30),),
    # the bolt is open
    "opened": ((1, 1047, 150), (1, 1319, 150), (1, 1568, 300), (1, 0, 400)),
    # right, and no bolt moves: the lock waits for what comes next, or has done it
    "accepted": ((1, 1047, 150), (0, 0, 150), (1, 1319, 500), (0, 0, 150), (1, 1568, 150)),
    # no such code
    "wrong": _beeps(3, 300, 200, 150),
    # the check digit does not fit: type it again
    "mistyped": _beeps(2, 700, 250, 150),
    # this code has opened before
    "used": ((1, 400, 600), (0, 0, 150), (1, 400, 150)),
    # come back when the window begins
    "early": ((1, 600, 150), (0, 0, 150), (1, 900, 600)),
    # the window is over
    "late": ((1, 900, 600), (0, 0, 150), (1, 600, 150), (0, 0, 150), (1, 600, 150)),
    # nothing is wrong with the code; try again later
    "later": _beeps(2, 500, 600, 200),
    # ask the owner
    "owner": ((1, 500, 150), (0, 0, 150), (1, 500, 150), (0, 0, 150), (1, 500, 600)),
    # the battery cannot move the bolt
    "battery": _beeps(5, 250, 100, 100),
    # the bolt does not move: push or pull the door and try again
    "jammed": ((1, 250, 500), (0, 0, 150), (1, 250, 150), (0, 0, 150)) * 2,
    # wait: the answer comes later
    "busy": _beeps(4, 0, 40, 60),
    # the door stands open
    "ajar": _beeps(3, 1200, 600, 200),
    # the bolt is thrown
    "locked": ((1, 800, 80), (0, 0, 80), (1, 500, 80)),
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
        """Begin `steps`, as a pattern has them, at `now` (ms)."""
        self._steps = steps
        self._next = 0
        self._until = now
        self.tick(now)

    def tick(self, now):
        """Do what is due at `now` (ms); return the ms until the next step, 0 when nothing plays."""
        while self._steps and now >= self._until:
            if self._next == len(self._steps):
                self.off()
                break
            led, hz, ms = self._steps[self._next]
            self._next += 1
            self._until += ms
            self._led.value(led)
            self._sound(0 if self.mute else hz)
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
