"""Processes that are a MicroPython VM each, begun anew or as copies of one that waits for a reply.

One helper (vm_server.py, which has the protocol) serves all locks of this process; it starts with the first boot and
ends with this process.
"""

import atexit
import os
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from host_sim.runtime.run import FirmwareError

_SERVER = Path(__file__).with_name("vm_server.py")
_MAX_REQUEST = 65536
_GUARD = struct.pack("ll", 20, 0)
"""Seconds and microseconds of real time within which the firmware must ask the world something; a second is far more
than enough."""


def begin(command, files):
    """Start a VM by `command` (MICROPYPATH, folder, arguments) with its `files`."""
    _send(_helper().control, "\0".join(command).encode(), files)


def _send(control, packet, files):
    socket.send_fds(control, [packet], files)


class Vm:
    """One VM, from its start to its end. `start(files)` starts it with the files bus, output and `cells`, a list of the
    one that is the memory of its flash, or of none.
    """

    def __init__(self, start, cells):
        self._link, chip_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # `settimeout` would have CPython ask before each packet whether it may.
        self._link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _GUARD)
        self._output = os.memfd_create("vm-output")
        with chip_end:
            start([chip_end.fileno(), self._output, *cells])
        self._process = None

    def request(self):
        """What the VM asks next. Raises FirmwareError when it ends or hangs."""
        self._meet()
        try:
            request = self._link.recv(_MAX_REQUEST)
        except (BlockingIOError, ConnectionError) as error:
            raise FirmwareError(f"the firmware is stuck in a loop that never looks at a clock: {error}") from error
        if not request:
            raise FirmwareError(f"the VM ended by itself\n{self.said()}")
        return request

    def reply(self, head, payload):
        """Answer what it has asked."""
        self._meet()
        self._link.send(head)
        if payload:
            self._link.send(payload)

    def copy(self):
        """A Copy of the VM, which waits for a reply."""
        signal.pidfd_send_signal(self._process, signal.SIGUSR1)
        self._link.recv(_MAX_REQUEST)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            _send(self._link, b"copy", [theirs.fileno()])
        return Copy(ours)

    def end(self):
        """Kill the VM, wherever it is."""
        self._meet()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        os.close(self._process)
        self._link.close()
        os.close(self._output)

    def said(self):
        """What the VM has printed so far; without what the one had of which it is a copy."""
        return os.pread(self._output, os.fstat(self._output).st_size, 0).decode(errors="replace")

    def _meet(self):
        """Learn the process from the VM's first packet."""
        if self._process is None:
            first = self._link.recv(_MAX_REQUEST)
            if not first:
                raise FirmwareError("the helper that starts MicroPython ended")
            self._process = os.pidfd_open(int(first))


class Copy:
    """A VM that stays where it waits for a reply; `start` may be given to Vm."""

    def __init__(self, control):
        self._control = control
        self._owner = os.getpid()

    @property
    def usable(self):
        """False in a fork of the process that has made it."""
        return self._owner == os.getpid()

    def start(self, files):
        _send(self._control, b"go on", files)

    def close(self):
        """End it; VMs that it has started go on."""
        self._control.close()


class _Helper:
    """The harness's end of vm_server.py."""

    def __init__(self):
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        site = str(Path(find_spec("micropython_module").origin).parent)
        with theirs:
            command = [sys.executable, "-I", "-S", str(_SERVER), str(theirs.fileno()), site]
            self._process = subprocess.Popen(  # in a group of its own: a Ctrl-C is for whoever waits for it
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, process_group=0
            )

    def close(self):
        self.control.close()
        if self.owner == os.getpid():
            self._process.wait()


_running = None


def _helper():
    """The helper of this process, started when there is none."""
    global _running
    if _running is None or _running.owner != os.getpid():
        _running = _Helper()
        atexit.register(_running.close)
    return _running
