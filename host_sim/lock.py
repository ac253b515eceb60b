"""The lock for whoever tests it: type keys, advance time, cut power, and look at bolt, log and flash from outside.

    from host_sim.lock import Lock, LockConfig

    config = LockConfig(grants=[{"label": "lobby", "kind": "interval", "step": 3600, "digits": 8, "check": True}])
    with Lock(runtime="micropython", config=config) as lock:
        code = lock.issue("lobby")
        lock.wake()
        lock.type(code + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
        lock.wait(30)
        lock.wake()
        lock.type(code + "#")
        lock.wait(3)
        assert lock.answer == "used"
        assert lock.openings == 1

The firmware is the real one, boot.py and main.py unmodified, on CPython in this process or on the MicroPython VM in
another. Time is simulated and stands still between two calls: only the methods that say so let it pass. The same calls
give the same run. One lock belongs to one thread; any number of locks live beside each other.
"""

from host_sim import cable
from host_sim import snapshot as snapshots
from host_sim.chip.keymatrix import KEYS
from host_sim.history import Happening, History
from host_sim.mishaps import Mishaps
from host_sim.provision import LockConfig, provision
from host_sim.runtime import RUNTIMES
from host_sim.runtime.image import PROJECT
from host_sim.runtime.run import FirmwareError
from host_sim.signs import SIGNS
from host_sim.world.chip import ASLEEP, AWAKE, BOOTING, CONSOLE
from host_sim.world.nvs_system import system_entries
from host_sim.world.radio import OFF
from host_sim.world.world import World

__all__ = ["FirmwareError", "Happening", "Lock", "LockConfig"]

DEFAULT_START = 1_772_438_400
"""2026-03-02 08:00 UTC, when a lock's life begins unless a test says otherwise."""

_LOOK_US = 20_000
_READY_S = 5
_RECENT = 50  # answers among which the one of this boot is looked for


class Lock(Mishaps):
    """A lock with its door, closed and locked, batteries in, booted and asleep again."""

    def __init__(self, runtime="cpython", config=None, start=DEFAULT_START, seed=0, root=PROJECT, **options):
        """`runtime`: "cpython", "micropython" or what makes another. `config`: a LockConfig, None for a board that was
        never provisioned.

        `start`: unix time at which its life begins. `seed` decides keys, contact bounce and noise. `root`: folder with
        the boot.py, main.py and firmware/ to run. `options` go to the runtime (`heap="96wK"` for the VM).
        """
        self._runtime = RUNTIMES.get(runtime, runtime)(root, **options)
        sectors = 64 if config is None else config.sectors
        flash_size = None if sectors is None else sectors * 4096
        self._board = (self._runtime, SIGNS, int(start), seed, flash_size)
        world = World(*self._board)
        self._begin(world, None if config is None else provision(world, config, seed))
        world.begin()
        world.power_on()

    def _begin(self, world, issuer):
        self.world = world
        self._become(issuer)
        self._told = False

    def _become(self, issuer):
        self._issuer = issuer
        self.lock_id = issuer.lock_id if issuer else None
        self.log_key = issuer.audit_key if issuer else None
        """First key of the log, which the owner keeps and the lock does not; None for a board never provisioned."""
        self._history = History(self.world, issuer)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End the firmware, wherever it is, and give back what the runtime holds."""
        self.world.chip.kill()
        self._runtime.close()

    # Time

    @property
    def now(self):
        """The world's true time in unix seconds, with fractions; the lock's own clock may differ."""
        return self.world.unix

    def wait(self, seconds):
        """Let `seconds` pass. Raises FirmwareError when the firmware meanwhile reached a prompt or ended."""
        self._advance(round(seconds * 1_000_000))

    def run_until(self, predicate, timeout_s=10):
        """Let time pass until `predicate()` is true, `timeout_s` at most; returns whether it is.

        Looks every 20 ms, but not where nothing has happened: `predicate` is of what the world does, not of the time.
        """
        deadline = self.world.timeline.now_us + round(timeout_s * 1_000_000)
        while not predicate():
            left = deadline - self.world.timeline.now_us
            if left <= 0:
                return False
            if self.world.radio.state != OFF:  # a real server may do something while nothing happens here
                left = min(left, _LOOK_US)
            self._advance(left, _LOOK_US)
        return True

    # The person at the door

    def press(self, keys, hold_ms=90):
        """Press all of `keys` (of 0-9 * #) at once and let go after `hold_ms` milliseconds, which pass."""
        for key in keys:
            self.world.note("key", key)
            self.world.keys.press(key)
        self.wait(hold_ms / 1000)
        for key in keys:
            self.world.keys.release(key)

    def type(self, keys, hold_ms=90, gap_ms=110):
        """Press `keys` one after the other, each for `hold_ms`, with `gap_ms` after each. Raises ValueError: no key."""
        for key in keys:
            if key not in KEYS:
                raise ValueError(f"key {key!r}, must be one of {KEYS}")
        for key in keys:
            self.press(key, hold_ms)
            self.wait(gap_ms / 1000)

    def wake(self):
        """Press `*` if the lock sleeps, and wait until it says that it is ready.

        Raises FirmwareError when it is not within five seconds, also for a lock without power.
        """
        if self.world.chip.state == ASLEEP:
            self.press("*")
        if not self.run_until(self._is_ready, _READY_S):
            raise FirmwareError(f"the lock did not get ready; its chip is {self.world.chip.state}")

    def door(self, state):
        """Pull the door "open" or push it "closed"; a bolt that is not drawn back keeps a closed door shut."""
        if state == "closed":
            self.world.door.close()
        elif self.world.bolt.unlocked:
            self.world.door.open()

    # Trying the same moment again

    def snapshot(self):
        """Put this moment aside (`host_sim.snapshot.Snapshot`). Raises ValueError while the chip boots or runs."""
        return snapshots.take(self.world, self._issuer)

    def go_back(self, snapshot):
        """Be at the moment of a `snapshot` of this lock or of one begun alike, with an empty trace and no answers."""
        self.world.chip.kill()
        world = World(*self._board)
        self._begin(world, snapshots.put_back(world, snapshot))

    # What can be seen from outside

    @property
    def bolt(self):
        """ "locked", "unlocked" or "between"."""
        return self.world.bolt.state

    @property
    def openings(self):
        """How often the bolt has left its locked end."""
        return self.world.bolt.openings

    @property
    def door_state(self):
        """ "open" or "closed"."""
        return "open" if self.world.door.is_open else "closed"

    @property
    def answers(self):
        """All answers given by LED and buzzer: (unix time, name), oldest first; the name is "number 58" or a pattern's.

        They are recognised from light and sound alone, once the pattern is over.
        """
        return [(self.world.start + us / 1_000_000, name) for us, name in self.world.signals.answers]

    @property
    def answer(self):
        """Name of the last answer, None when there was none."""
        return self.world.signals.answers[-1][1] if self.world.signals.answers else None

    @property
    def powered(self):
        """Whether the chip has power."""
        return self.world.chip.powered

    @property
    def awake(self):
        """Whether the chip boots or runs; False asleep, without power and at a prompt."""
        return self.world.chip.state in (AWAKE, BOOTING)

    @property
    def console(self):
        """Whether the console is open, for who held the maintenance key."""
        return self.world.chip.state == CONSOLE

    @property
    def prompt(self):
        """Whether the firmware let go of the chip, so that it sits at MicroPython's prompt, and nobody asked for it."""
        return bool(self.world.chip.console)

    @property
    def boots(self):
        """How often boot.py was started."""
        return self.world.chip.boots

    # What a bench would find

    @property
    def flash(self):
        """A copy of the partition's contents."""
        return self.world.flash.snapshot()

    @property
    def flash_ops(self):
        """Programs and erases of the partition since the batteries first went in."""
        return self.world.flash.ops

    @property
    def nvs_ops(self):
        """Sets and erases of NVS since the batteries first went in; what was set to what it already was is none."""
        return self.world.nvs.ops

    def log(self):
        """The audit log, oldest first, read from the flash as it is: a dictionary for each event.

        Keys: kind and decision (words, decision None for an event that is no entry), grant and issuer (label or
        None), t (unix seconds by the lock's clock, 0: unknown), sequence, length, count, attempt, mv, quality, detail.
        """
        return self._history.log()

    @property
    def trace(self):
        """All that happened so far as Happenings, an answer standing where it was over, with the time it began."""
        return self._history.trace()

    # The installer's and the owner's computers

    def sync(self, offset_s=0, uncertainty_ms=500, reset_floor=False):
        """Set the lock's clock over the cable, as one sets it that knows the time: to the true one and `offset_s`.

        Raises ValueError while the chip boots or runs, SyncError for a time that the lock refuses.
        """
        cable.sync(self.world, self._issuer, offset_s, uncertainty_ms, reset_floor)

    def provision(self, config, seed):
        """Make another lock of the same board by a LockConfig: new keys, a new journal, a new log; then it boots.

        Raises ValueError while the chip boots or runs.
        """
        if self.world.chip.state != ASLEEP:
            raise ValueError(f"the chip is {self.world.chip.state}, must be asleep")
        self.world.nvs.load(system_entries())
        self._become(provision(self.world, config, seed))
        self.cut_power()
        self.restore_power()

    def forget(self):
        """Let go of trace and answers so far, which else grow for as long as the lock lives."""
        self.world.forget()
        self._history = History(self.world, self._issuer)

    def issue(self, label, at=None, serial=0, counter=None):
        """The digits of a code of the grant `label`, to be typed before `#`. Raises KeyError for no such grant.

        An interval's code is of `serial` for unix second `at` (now, if not given); an event's of the next counter that
        was not issued yet, or of `counter`; a number's are its digits.
        """
        return self._issuer.code(label, self.now, at, serial, counter)

    def _advance(self, us, look_us=0):
        world = self.world
        world.advance(world.timeline.now_us + us, look_us)
        if self.prompt and not self._told:
            self._told = True
            raise FirmwareError(f"the firmware reached MicroPython's prompt:\n{world.chip.console}")

    def _is_ready(self):
        chip = self.world.chip
        answers = self.world.signals.answers
        return chip.state == AWAKE and any(us >= chip.began_us and name == "ready" for us, name in answers[-_RECENT:])
