"""A lock that is live in the terminal: the keyboard is its keypad, simulated time runs with the real one.

The screen shows what can be seen of the lock from outside, and what its flash holds; the firmware does not know that it
is watched.
"""

import time

from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Footer, Static

from host_sim import panels
from host_sim.lock import FirmwareError, Lock
from host_sim.session.fields import KEYPAD, NOT_ANSWERS, utc_text
from host_sim.session.parser import parse
from host_sim.session.setup import known_codes, lock_config, start

FRAME_S = 0.05
MOST_S = 1  # of lost time that is made up for: a terminal that was stopped does not race afterwards
LIT_S = 0.25  # a key stays lit for so long after a touch, or no eye could follow
TOUCH_MS = 60
RECENT = 8  # records shown
BATTERIES_MV = (6000, 4700, 4200)  # fresh, low, too weak for the motor

_SETUP = """
clock {now}
grant lobby interval step 4h digits 8 check
grant couriers event digits 8 check window 16
grant parcel number 1Z999AA10123456784 last 10 uses 1
owner 482913375604
"""
_ISSUED = ("lobby", "couriers", "couriers", "couriers")
_ALSO_KEYS = {"enter": "#", "backspace": "*"}


class LiveLock(App):
    """The screen and its lock, whose life begins at unix second `begin`; `real_time()` counts real seconds."""

    CSS = """
    #top { height: 15; }
    Static { border: round $primary; padding: 0 1; height: 100%; }
    #keypad { width: 19; }
    #lock { width: 1fr; min-width: 33; }
    #flash { width: 1fr; min-width: 28; text-wrap: nowrap; text-overflow: ellipsis; }
    #codes { width: 28; }
    #log { width: 1fr; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [
        Binding("o", "door", "door"),
        Binding("j", "jam", "jam"),
        Binding("p", "power", "power"),
        Binding("b", "battery", "battery"),
        Binding("m", "maintenance", "maintenance"),
        Binding("f", "forward(60)", "+1 min"),
        Binding("F", "forward(3600)", "+1 h"),
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", show=False),
    ]

    def __init__(self, runtime, begin=None, real_time=time.monotonic):
        super().__init__()
        session = parse(_SETUP.format(now=utc_text(time.time() if begin is None else begin)), "live")
        self.lock = Lock(runtime=runtime, config=lock_config(session), start=start(session))
        self.codes = [(label, self.lock.issue(label)) for label in _ISSUED] + list(known_codes(session).items())
        self._runtime = runtime
        self._real_time = real_time
        self._last_frame = real_time()
        self._owed = 0.0  # seconds that the lock's time is behind the real one
        self._lit = {}  # real second until which a key stays lit
        self._jammed = False
        self._battery = 0
        self._shown = {}  # text of each panel
        self._flash = (None, None)  # operations so far, and the panel as it was then

    def compose(self):
        """Keypad, lock and flash above; codes and log below."""
        with Horizontal(id="top"):
            for name in ("keypad", "lock", "flash"):
                yield Static(id=name)
        with Horizontal():
            for name in ("codes", "log"):
                yield Static(id=name)
        yield Footer()

    def on_mount(self):
        """Give the panels their names and begin to run."""
        titles = {"keypad": "keypad", "lock": f"lock on {self._runtime}", "flash": "flash: erases, records"}
        for name, title in (titles | {"codes": "codes to try", "log": "audit log"}).items():
            self.query_one(f"#{name}").border_title = title
        self.query_one("#keypad").border_subtitle = "0-9 * #"
        self.set_interval(FRAME_S, self.frame)
        self.frame()

    def on_unmount(self):
        """Let the firmware go."""
        self.lock.close()

    def on_key(self, event):
        """A key of the keypad is pressed by the keyboard's of the same name; Enter is `#`, Backspace `*`."""
        key = _ALSO_KEYS.get(event.key, event.character)
        if key and key in KEYPAD:
            self._lit[key] = self._real_time() + LIT_S
            self._world(lambda: self.lock.press(key, hold_ms=TOUCH_MS))
            self._owed -= TOUCH_MS / 1000

    def action_door(self):
        """Open the door, or close it."""
        self.lock.door("open" if self.lock.door_state == "closed" else "closed")

    def action_jam(self):
        """Block the bolt, or free it."""
        self._jammed = not self._jammed
        self.lock.jam(self._jammed)

    def action_power(self):
        """Take the batteries out, or put them in."""
        if self.lock.powered:
            self.lock.cut_power()
        else:
            self.lock.restore_power()

    def action_battery(self):
        """The next voltage: fresh, low, too weak."""
        self._battery = (self._battery + 1) % len(BATTERIES_MV)
        self.lock.battery(BATTERIES_MV[self._battery])

    def action_maintenance(self):
        """Hold the maintenance key down, or let go of it."""
        self.lock.maintenance_key(not self.lock.world.maintenance_key.down)

    def action_forward(self, seconds):
        """Let time leap."""
        self._world(lambda: self.lock.wait(seconds))

    def frame(self):
        """Let the lock live up to now and show it."""
        now = self._real_time()
        self._owed = min(self._owed + now - self._last_frame, MOST_S)
        self._last_frame = now
        if self._owed > 0:
            owed, self._owed = self._owed, 0.0
            self._world(lambda: self.lock.wait(owed))
        self._show()

    def _world(self, act):
        """Do what lets time pass; a firmware that fails ends the show, since nothing true could be shown any more."""
        try:
            act()
        except FirmwareError as error:
            self.exit(return_code=1, message=str(error))

    def _show(self):
        lock, world = self.lock, self.lock.world
        held = {key for key, until in self._lit.items() if until > self._real_time()} | world.keys.held
        _, led, hz = world.signals.edges[-1] if world.signals.edges else (0, 0, 0)
        self._update("keypad", panels.keypad(held, led, hz))
        self._update("lock", panels.state(self._rows()))
        self._update("flash", self._flash_panel())
        self._update("codes", panels.codes(self.codes))
        self._update("log", panels.log(lock.log()[-self.size.height :]))

    def _update(self, name, text):
        """Show `text` in a panel if it is not what is there: no panel changes its size, so nothing is laid out anew."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            self.query_one(f"#{name}", Static).update(text, layout=False)

    def _rows(self):
        lock, world = self.lock, self.lock.world
        said = [name for _, name in lock.answers if name not in NOT_ANSWERS]
        door = Text("open", "bold yellow") if lock.door_state == "open" else Text("closed", "green")
        return (
            ("clock", utc_text(lock.now)),
            ("chip", panels.chip(lock.powered, lock.awake, lock.console, world.maintenance_key.down)),
            ("battery", panels.battery(world.battery.mv, low_mv=4800, least_mv=4400)),
            ("door", door),
            ("openings", str(lock.openings)),
            ("bolt", panels.bolt(world.bolt.position, lock.bolt, self._jammed)),
            ("", ""),
            ("answer", panels.answer(said[-1] if said else None)),
        )

    def _flash_panel(self):
        """The flash's panel, made anew only when something was written: it looks through all that has happened."""
        lock, chip = self.lock, self.lock.world.flash
        if self._flash[0] != lock.flash_ops:
            image, size = lock.flash, chip.sector_size
            used = {sector for sector in range(len(chip.erases)) if image[sector * size] != 0xFF}
            recent = [happening.text for happening in lock.trace if happening.kind == "flash"][-RECENT:]
            self._flash = (lock.flash_ops, panels.flash(chip.erases, used, self._newest(size), recent[::-1]))
        return self._flash[1]

    def _newest(self, sector_size):
        """The sector last programmed in each ring."""
        newest = {}
        for _, kind, what in self.lock.world.happenings:
            if kind == "flash" and what[0] == "program":
                sector = what[1] // sector_size
                newest[sector < panels.AUDIT_FROM] = sector
        return set(newest.values())
