"""The chip as a thing with power: booting, awake, asleep; what resets it and what wakes it.

            power          420 ms           deepsleep()
    OFF ----------> BOOTING ------> AWAKE --------------> ASLEEP
     ^                 ^              | reset, watchdog,     | armed pin, timer
     | no power        '--------------+ brown-out            |
     |                 '-------------------------------------'
     '-- from any state                AWAKE -- main.py returned --> CONSOLE, if the maintenance key was held
                                       AWAKE -- main.py returned or raised --> PROMPT, which must never be

One `Port` serves one boot; a boot that is over has its port closed, so that nothing of it reaches the world any more.
The runtime of a serial cable keeps a boot going at CONSOLE: what is typed there is served when `resume` is called.
"""

from host_sim.chip import protocol
from host_sim.chip.protocol import RETURNED

BOOT_US = 420_000
"""From reset to the first line of boot.py, with the file system mounted."""
SOFT_BOOT_US = 60_000
"""From a soft reset to boot.py: only the interpreter starts again."""

OFF, BOOTING, AWAKE, ASLEEP, PROMPT = "off", "booting", "awake", "asleep", "prompt"
CONSOLE = "console"
OPENING = (protocol.POWER_ON, protocol.WATCHDOG_RESET)
"""Causes of a reset with which a boot may open the console."""
HELD_US = 900_000
"""How long the maintenance key must have been down in a boot, at least, that opens the console."""


class Chip:
    """`world` has the devices, `start(chip)` makes the Port of a new boot and its Run."""

    def __init__(self, world, start):
        self.state = OFF
        world.meter.enter("chip", "off")
        self.began_us = 0
        """Instant of the reset that began this boot; ticks count from there."""
        self.reset_cause = protocol.POWER_ON
        self.wake_reason = 0
        self.boots = 0
        """How often boot.py was started."""
        self.held_high = self.held_low = 0
        """Masks of pads that keep their level through a reset."""
        self.sleep = None
        """What the last deep sleep began with: the arguments of `deep_sleep`."""
        self.console = ""
        """What MicroPython printed above its prompt, when the chip is at PROMPT."""
        self._world = world
        self._start = start
        self._port = self._run = None
        self._event = self._timer = None
        self._armed = None
        self._reset_us = 0  # when a timer of this boot resets the chip, 0: never
        self.stays = False
        """Whether a boot goes on at an open console, because there is a cable."""

    @property
    def powered(self):
        return self.state != OFF

    def power_on(self):
        """Supply is there: everything the chip remembers begins anew."""
        self._world.rtc.power_on()
        self.held_high = self.held_low = 0
        self._boot(protocol.POWER_ON, 0, BOOT_US)

    def power_off(self):
        """Supply is gone."""
        self._end_boot(OFF)
        self._world.float_outputs()

    def reset(self, cause):
        """Start again; a soft reset leaves the outputs as they are."""
        self._end_boot(BOOTING)
        if cause != protocol.SOFT_RESET:
            self._world.float_outputs()
        self._boot(cause, self.wake_reason, SOFT_BOOT_US if cause == protocol.SOFT_RESET else BOOT_US)

    def brown_out(self):
        """The supply has collapsed: for a moment, which looks like a power-on, or until the world powers it on."""
        if self.state == OFF:
            return
        self._end_boot(OFF)
        self._world.float_outputs()
        if not self._world.battery.collapsed:
            self.power_on()

    def deep_sleep(self, until_us, armed, held_high, held_low):
        """Sleep until `until_us` (0: no timer) or a pad of `armed`; only held pads keep their level meanwhile."""
        self._end_boot(ASLEEP)
        self.sleep = (until_us, armed, held_high, held_low)
        self.held_high, self.held_low = held_high, held_low
        self._world.float_outputs()
        self._world.rtc.sleep()
        self._armed = armed
        self._world.note("chip", "sleeps")
        if until_us:
            self._timer = self._world.timeline.at(until_us, lambda: self._wake(protocol.TIMER))
        self.look_for_wake()

    def look_for_wake(self):
        """Called whenever a level has changed: wake a sleeping chip if that was armed."""
        if self.state == ASLEEP:
            source = protocol.wake_source(self._world.levels(self.held_high, self.held_low), *self._armed)
            if source:
                self._wake(source)

    def reset_later(self, us):
        """A timer resets the chip, unless this boot ends before."""
        self._reset_us = self._world.timeline.now_us + us
        self._timer = self._world.timeline.at(self._reset_us, lambda: self.reset(protocol.HARD_RESET))

    def prompt(self, console):
        """The firmware let go of the chip: for who holds the maintenance key as it gets power, or else by mistake."""
        held_us = self._world.maintenance_key.held_us(self.began_us)
        if self.reset_cause in OPENING and held_us >= HELD_US and console == RETURNED:
            self._world.note("chip", "opens its console")
            if self.stays:
                self._be(CONSOLE)
            else:
                self._end_boot(CONSOLE)
                if self._reset_us:
                    self.reset_later(self._reset_us - self._world.timeline.now_us)
            return
        self._end_boot(PROMPT)
        self._world.note("chip", "sits at a prompt")
        self.console = console

    def resume(self):
        """Let the firmware of an awake chip run until the world pauses it or this boot is over."""
        if self._run is None:
            self.boots += 1
            self._world.note("chip", "boots")
            self._port, self._run = self._start(self)
        port = self._port
        try:
            self._run.resume()
            if port.fault:
                raise port.fault
        except BaseException:
            self._end_boot(PROMPT)
            raise

    def kill(self):
        """End whatever runs, with no further effect on the world."""
        self._end_boot(OFF)

    def _wake(self, source):
        self._world.timeline.cancel(self._timer)
        self._world.rtc.wake()
        self._boot(protocol.DEEP_SLEEP_RESET, source, BOOT_US)

    def _boot(self, cause, wake_reason, after_us):
        self.reset_cause, self.wake_reason = cause, wake_reason
        self.began_us, self._reset_us = self._world.timeline.now_us, 0
        self._be(BOOTING)
        self._event = self._world.timeline.at(self.began_us + after_us, self._awake)

    def _awake(self):
        self._be(AWAKE)

    def _be(self, state):
        self.state = state
        self._world.meter.enter("chip", {OFF: "off", ASLEEP: "asleep"}.get(state, "awake"))

    def _end_boot(self, state):
        self._be(state)
        self._world.network.drop()
        self._world.timeline.cancel(self._event)
        self._world.timeline.cancel(self._timer)
        run, self._run = self._run, None
        if self._port:
            self._port.close()
            self._port = None
        if run:
            run.stop()
