"""The board and what surrounds it: every device, wired to the chip's pads, on one timeline.

The harness moves time by `advance`; what the chip does meanwhile happens at its instants in between. Between two
advances the world stands still, and the harness may touch anything.
"""

from collections import namedtuple

from host_sim import wiring
from host_sim.world.battery import Battery
from host_sim.world.charge import Meter
from host_sim.world.chip import AWAKE, Chip
from host_sim.world.door import Bolt, Door
from host_sim.world.ds3231 import DS3231
from host_sim.world.flash import NorFlash
from host_sim.world.maintenance import MaintenanceKey
from host_sim.world.matrix import KeyMatrix
from host_sim.world.network import Network
from host_sim.world.nvs import Nvs
from host_sim.world.nvs_system import system_entries
from host_sim.world.port import Port
from host_sim.world.radio import Station
from host_sim.world.rtc import ChipRtc
from host_sim.world.signals import Signals
from host_sim.world.timeline import FAR, Timeline

_PADS_OF = [
    sum((columns >> index & 1) << pad for index, pad in enumerate(wiring.COLUMNS))
    for columns in range(1 << len(wiring.COLUMNS))
]
"""Pads by columns, both as masks."""

Happening = namedtuple("Happening", "us kind what")
"""Something worth telling: microseconds since the world's beginning, one word for what it is about, the details."""


class World:
    """A board without power. `runtime` boots the firmware; `patterns` is the table by which answers are recognised.

    `start`: unix time at the world's beginning, to which the DS3231 is set; `seed` decides bounce and noise;
    `flash_size`: bytes of the partition `locklog`, None: there is none.
    """

    def __init__(self, runtime, patterns, start, seed=0, flash_size=wiring.LOCKLOG_SIZE):
        self.start = start
        self._port = None
        self.timeline = timeline = Timeline()
        self.horizon_us = 0
        """How far the harness has let time go."""
        self._looked_us = self._look_us = 0
        self.watched = False
        """Whether the harness looks every so often, and not only when its time is over."""
        self.happenings = []
        """Everything noted so far, oldest first."""
        self.flash = None if flash_size is None else NorFlash(flash_size, spend=self._spend)
        self.nvs = Nvs(spend=self._spend)
        self.nvs.load(system_entries())
        self.keys = KeyMatrix(timeline, seed)
        self.maintenance_key = MaintenanceKey(timeline)
        self.battery = Battery(seed=seed)
        self.bolt = Bolt(timeline, self.battery)
        self.door = Door()
        self.clock = DS3231(timeline, start)
        self.clock.supply(main=False)
        self.rtc = ChipRtc(timeline)
        self.meter = Meter(timeline)
        self.radio = Station(timeline, self.meter)
        self.network = Network(timeline, self.radio, self.meter)
        self._observers = Timeline()
        self.signals = Signals(self._observers, patterns)
        self.chip = Chip(self, lambda chip: self._boot(runtime, chip))
        self.inputs = 0
        """Levels of the wired inputs, all but the columns, as a mask: bit = GPIO."""
        self._high = set()
        self._batteries_in = False
        self._reed_pulled = True
        self._look_at_inputs()
        self._listen()

    def _listen(self):
        self.keys.on_change = self.chip.look_for_wake
        self.door.on_change = self._door_moved
        self.maintenance_key.on_change = self._look_at_inputs
        self.bolt.on_change = self._bolt_moved
        self.battery.on_brownout = self._brown_out
        self.battery.on_load = lambda ma: self.meter.enter("motor", "driven" if ma else "resting", ma * 1000)
        self.signals.on_answer = lambda us, name: self.note("answer", name, us)
        self.nvs.on_cut = self.cut_power
        if self.flash:
            self.flash.on_cut = self.cut_power
            self.flash.on_op = lambda kind, address, data: self.note("flash", (kind, address, data))

    def _boot(self, runtime, chip):
        self._port = port = Port(self, chip)
        return port, runtime.boot(port)

    @property
    def unix(self):
        """The present in unix seconds, with fractions."""
        return self.start + self.timeline.now_us / 1_000_000

    def note(self, kind, what, us=None):
        """Keep a happening, of now unless `us` says when."""
        self.happenings.append(Happening(self.timeline.now_us if us is None else us, kind, what))

    def begin(self):
        """What was done to the board so far was done on a bench: forget it."""
        self.forget()
        self.nvs.ops = 0
        if self.flash:
            self.flash.ops = 0

    def forget(self):
        """Forget what was noted, seen and heard so far."""
        self.happenings.clear()
        self.signals.edges.clear()
        self.signals.answers.clear()

    def advance(self, us, look_us=0):
        """Let everything go on until instant `us`. Raises what the firmware's runtime raises, see `FirmwareError`.

        With `look_us` no further than to the next look of a harness that looks every so many microseconds, but need not
        look where nothing has happened.
        """
        self.horizon_us = us
        self._looked_us, self._look_us, self.watched = self.timeline.now_us, look_us, look_us > 0
        self._await_onlookers()
        try:
            self._run()
        finally:
            self._look_us, self.watched = 0, False
            self._observe()

    def _run(self):
        timeline, chip = self.timeline, self.chip
        while chip.state != AWAKE or timeline.now_us < self.horizon_us:
            if chip.state == AWAKE:
                chip.resume()
                continue
            due = timeline.next_us
            if due > self.horizon_us:
                timeline.advance_to(max(self.horizon_us, timeline.now_us))
                return
            timeline.advance_to(max(due, timeline.now_us))
            self._bring_near(max(timeline.now_us, self._looked_us + self._look_us))

    def stir(self):
        """Something happens now, while the chip is awake: the harness's next look is one to be taken."""
        if self._look_us:
            look = self._next_look(self.timeline.now_us)
            if look < self.horizon_us:
                self.horizon_us = look

    def _next_look(self, us):
        """The first look not before instant `us`."""
        looks = -((self._looked_us - us) // self._look_us)
        return self._looked_us + (looks if looks > 1 else 1) * self._look_us

    def _bring_near(self, us):
        if self._look_us and us < self.horizon_us:
            self.horizon_us = us

    def _await_onlookers(self):
        """A look is to be taken when whoever only looks on will have seen something."""
        if self._look_us and self._observers.next_us < FAR:
            self._bring_near(self._next_look(self._observers.next_us))

    def _observe(self):
        """Bring whoever only looks on to the present. Their time waits for this, so that the chip need not."""
        self._observers.advance_to(self.timeline.now_us)

    def power_on(self):
        """Put in the batteries. Nothing happens where they are in."""
        if not self._batteries_in:
            self._batteries_in = True
            self.meter.enter("board", "fed")
            self._feed_reed()
            self.clock.supply(main=True)
            self.note("power", "on")
            self.recover()

    def recover(self):
        """Called when the batteries may give enough again: a chip without supply starts if they do."""
        if self._batteries_in and not self.chip.powered and not self.battery.collapsed:
            for memory in self._memories():
                memory.revive()
            self.chip.power_on()

    def cut_power(self):
        """Take out the batteries, at any instant, also in the midst of a flash operation."""
        if self._batteries_in:
            self._batteries_in = False
            self.meter.enter("board", "off")
            self._feed_reed()
            self.clock.supply(main=False)
            self.note("power", "off")
            for memory in self._memories():
                memory.kill()
            self.chip.power_off()

    def _memories(self):
        return (self.nvs, self.flash) if self.flash else (self.nvs,)

    def _spend(self, us):
        """Time that a flash operation takes; none while the lock is provisioned without power."""
        port = self._port
        if port and port.is_open:
            port.wait_until(self.timeline.now_us + us)

    # Pads

    def levels(self, held_high, held_low):
        """Levels of all pads as a mask, with only the held rows of the matrix driven."""
        rows_high = rows_low = 0
        for index, pad in enumerate(wiring.ROWS):
            rows_high |= (held_high >> pad & 1) << index
            rows_low |= (held_low >> pad & 1) << index
        return self.inputs | self.column_levels(rows_high, rows_high | rows_low)

    def column_levels(self, rows_high, rows_driven):
        """Levels at the columns' pads as a mask, for rows given as masks with bit 0 the top row."""
        return _PADS_OF[self.keys.columns(rows_high, rows_driven)]

    def output(self, pad, high):
        """A pad is driven high, or low, or floats on its pull-down; an input has its pull-up, or is held without."""
        if high:
            self._high.add(pad)
        else:
            self._high.discard(pad)
        if pad in wiring.MOTOR:
            self.bolt.drive(*(pad in self._high for pad in wiring.MOTOR))
        elif pad == wiring.LED:
            self._observe()
            self.signals.led(high)
            self._await_onlookers()
            self.meter.enter("led", "lit" if high else "dark")
        elif pad == wiring.REED:
            self._reed_pulled = high
            self._feed_reed()

    def pwm(self, pad, hz):
        """A pad oscillates; 0: it rests."""
        if pad == wiring.BUZZER:
            self._observe()
            self.signals.buzzer(hz)
            self._await_onlookers()
            self.meter.enter("buzzer", "sounding" if hz else "silent")

    def float_outputs(self):
        """The chip was reset: its pads float, external pull-downs have them; its radio is off."""
        self.radio.off()
        self._high.clear()
        self.bolt.drive(False, False, False)
        self._observe()
        self.signals.off()
        self.meter.enter("led", "dark")
        self.meter.enter("buzzer", "silent")

    def _feed_reed(self):
        """Say what flows through the reed contact: only while it is closed and the chip pulls it up."""
        closed = self._batteries_in and self._reed_pulled and not self.door.reed
        self.meter.enter("reed", "closed" if closed else "open")

    def _door_moved(self):
        self._look_at_inputs()
        self._feed_reed()
        self.note("door", "open" if self.door.is_open else "closed")
        self.chip.look_for_wake()

    def _bolt_moved(self):
        self._look_at_inputs()
        self.note("bolt", self.bolt.state)
        self.chip.look_for_wake()

    def _look_at_inputs(self):
        bolt = self.bolt
        locked, unlocked = (not bolt.locked) << wiring.BOLT_LOCKED, (not bolt.unlocked) << wiring.BOLT_UNLOCKED
        key = (not self.maintenance_key.down) << wiring.MAINTENANCE
        self.inputs = locked | unlocked | self.door.reed << wiring.REED | key

    def _brown_out(self):
        self.note("power", "brown-out")
        self.chip.brown_out()
