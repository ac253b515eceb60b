"""One boot of the firmware, as a greenlet beside the harness.

    harness --resume--> firmware --bus--> world --pause--> harness     simulated time has reached the harness's horizon
                            '--bus--> world raises ChipStopped         deep sleep, reset, power cut: this boot is over

The world is always called on the firmware's side of the switch, so that it can stop in the midst of any operation.
"""

from greenlet import getcurrent, greenlet


class ChipStopped(BaseException):
    """This boot is over. Not an Exception: no handler of the firmware may survive it."""


class FirmwareError(Exception):
    """The firmware did what it must never do: it reached a prompt, let an exception out or ended its interpreter."""


class Run:
    """`body()` runs the firmware until its bus raises ChipStopped. Use from one thread."""

    def __init__(self, body):
        self._greenlet = greenlet(_until_stopped)
        self._body = body

    def resume(self):
        """Let the firmware go on until the world pauses it or the boot is over. What the body raises comes out here."""
        self._greenlet.parent = getcurrent()
        if self._body is None:
            self._greenlet.switch()
        else:
            body, self._body = self._body, None
            self._greenlet.switch(body)

    def stop(self):
        """End a paused boot where it stands; its `finally` blocks run and get no further than the bus.

        Without effect on a boot that is not paused: that one ends by the ChipStopped that its bus raises.
        """
        self._body = None
        if not self._greenlet or self._greenlet is getcurrent():
            return
        self._greenlet.parent = getcurrent()
        while not self._greenlet.dead:
            self._greenlet.throw(ChipStopped)


def pause():
    """Called by the world on the firmware's side: let the harness go on until it resumes the run."""
    getcurrent().parent.switch()


def _until_stopped(body):
    try:
        body()
    except ChipStopped:
        pass
