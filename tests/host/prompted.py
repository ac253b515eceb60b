"""The prompt of a simulated lock on CPython, in this process: quick enough for a cut at every operation and message.

Each prompt has modules of its own, as after a reset; what the firmware does afterwards is the same lock's on CPython.
"""

from contextlib import contextmanager
from types import SimpleNamespace

from mpremote.transport import TransportError

from host_sim.chip import protocol
from host_sim.lock import Lock
from host_sim.runtime.cpython import _Modules, join
from host_sim.runtime.image import PROJECT, SHIMS, chip_image, firmware_image
from host_sim.runtime.run import ChipStopped
from host_sim.world.chip import CONSOLE
from host_sim.world.port import Port

_FAR_US = 1 << 60


@contextmanager
def bare_lock(patch):
    """A Lock that was never provisioned, asleep; whoever provisions it has a computer with the world's time.

    patch: a MonkeyPatch.
    """
    with Lock() as lock:
        lock.wait(20)
        now = SimpleNamespace(time=lambda: lock.now, monotonic=lambda: lock.now, sleep=lambda seconds: None)
        for module in ("provision.flow", "provision.lock", "prompt"):
            patch.setattr(f"tools.{module}.time", now)
        yield lock


class Prompt:
    """What mpremote's transport is to the code on the computer; `lock` is a host_sim Lock.

    messages: how many were exchanged. pull_at: the message at which the cable is pulled, half of it said; 0: never.
    """

    def __init__(self, lock, folder="fw-000000000000"):
        self.serial = self
        self.timeout = None
        self.messages = self.pull_at = 0
        self._lock = lock
        self._main = f'sys.path.insert(0, "/{folder}")\n'
        self._said = []
        world, chip = lock.world, lock.world.chip
        if not chip.powered:
            lock.restore_power()
        chip.kill()
        chip.began_us, chip.reset_cause = world.timeline.now_us, protocol.HARD_RESET
        port = world._port = chip._port = Port(world, chip)
        chip._be(CONSOLE)
        world.horizon_us = _FAR_US
        self._modules = _Modules(firmware_image(PROJECT), chip_image(*SHIMS))
        self._modules._builtins["print"] = lambda *words: self._said.append(" ".join(map(str, words)))
        join(self._modules, port)
        self._names = self._modules._main

    def exec_raw(self, code, timeout=10):
        """Run `code` there; (what it printed, its error) as bytes."""
        self.messages += 1
        self._said.clear()
        if self.messages == self.pull_at:  # the lock has it, and nobody hears what it says
            self._run(code)
            raise OSError(5, "Input/output error")
        wrong = self._run(code)
        return "\n".join(self._said).encode(), wrong.encode()

    def exec(self, code):
        """Of what the computer has run, only where the modules are: here they have their own names."""

    def exec_raw_no_follow(self, code):
        self.exec_raw(code)

    def _run(self, code):
        chip = self._modules.find("bus").chip
        try:
            chip.call(protocol.SYNC)  # somebody may have come to the door meanwhile
            exec(code, self._names)
            chip.call(protocol.SYNC)
        except ChipStopped as error:
            if not self._lock.powered:
                raise TransportError("no answer") from error
        except Exception as error:
            return f"Traceback\n{type(error).__name__}: {error}"
        return ""

    def eval(self, expression):
        return "a board"

    def fs_readfile(self, path):
        return self._main.encode()

    def write(self, octets):
        """To a lock that was restarted: it hears nothing."""

    def reset_input_buffer(self):
        """There is nothing in it."""

    def read_until(self, least, ending, timeout_overall=None):
        return b""
