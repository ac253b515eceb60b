"""A lock at the end of a serial cable: the MicroPython VM behind a pseudo-terminal, on a file system that outlives it.

The file system is a block device in a file, mounted at `/` as on the chip. What it writes and erases is kept in order,
so that the flash can be put back to any moment of it, also into the midst of an operation.
"""

import os
import pty
import struct
import subprocess
import tty
from contextlib import contextmanager

from tests.host.vm import MICROPYTHON

BLOCK = 4096

_MACHINE = """
class Machine:
    def reset():
        os.system("sleep 0.1; kill -9 $PPID")  # what it has sent is read by then

sys.modules["machine"] = Machine
"""
_MOUNT = """
import os
import struct
import sys
import vfs

class Disk:
    def __init__(self):
        self.file = open("DISK", "r+b")
        self.history = open("HISTORY", "wb")
        self.left = CUT

    def at(self, start):
        self.file.seek(start)
        return self.file

    def change(self, start, content):
        self.left -= 1
        if self.left == 0:
            os.system("kill -9 $PPID")
        self.at(start).write(content)
        self.file.flush()
        self.history.write(struct.pack("<II", start, len(content)))
        self.history.write(content)
        self.history.flush()

    def readblocks(self, block, buffer, offset=0):
        self.at(block * 4096 + offset).readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self.change(block * 4096 + offset, buffer)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.change(argument * 4096, b"\\xff" * 4096)
        return {4: BLOCKS, 5: 4096}.get(operation, 0)

disk = Disk()
sys.path[:] = ["", ".frozen", "/lib"]
vfs.umount("/")
vfs.mount(disk, "/")
os.chdir("/")
"""


def mounted(disk, cut=0):
    """Lines that have the VM mount the file `disk` (Path) at `/`; its change number `cut` takes the VM's life, 0: none.

    What they write and erase goes into the file `history` beside it.
    """
    values = {"DISK": disk, "HISTORY": disk.with_name("history"), "CUT": cut, "BLOCKS": disk.stat().st_size // BLOCK}
    mount = _MOUNT
    for name, value in values.items():
        mount = mount.replace(name, str(value))
    return mount


class SerialLock:
    """`disk`: path (Path) of the file with the lock's file system."""

    def __init__(self, disk):
        self.disk = disk
        self._history = disk.with_name("history")

    def _command(self, code, cut=0):
        return [MICROPYTHON, "-X", "heapsize=4M", "-c", mounted(self.disk, cut) + code]

    @contextmanager
    def plugged(self, cut=0, more=""):
        """The path of the serial port, while a prompt is at its other end.

        `cut`: which change of the flash takes the lock's power, 0 for none. `more`: lines to run before the prompt.
        """
        master, slave = pty.openpty()
        tty.setraw(slave)
        program, *options = self._command(_MACHINE + more, cut)
        vm = subprocess.Popen([program, "-i", *options], stdin=master, stdout=master, stderr=master)
        os.close(master)
        try:
            yield os.ttyname(slave)
        finally:
            vm.kill()
            vm.wait()
            os.close(slave)

    def moments(self, before):
        """The flash at each moment of what the VM plugged last did to it, from what it was `before`.

        Before each change comes the moment when half of it is done.
        """
        flash, history = bytearray(before), self._history.read_bytes()
        at = 0
        while at < len(history):
            start, size = struct.unpack_from("<II", history, at)
            content = history[at + 8 : at + 8 + size]
            at += 8 + size
            half = bytearray(flash)
            half[start : start + size // 2] = content[: size // 2]
            yield bytes(half)
            flash[start : start + size] = content
            yield bytes(flash)

    def run(self, code):
        """What the VM prints when it runs `code` on the file system, as a list of lines."""
        done = subprocess.run(self._command(code), capture_output=True, text=True, check=False, timeout=150)
        return (done.stdout + done.stderr).splitlines()

    def boot(self):
        """What boot.py and main.py print."""
        return self.run('execfile("boot.py")\nexecfile("main.py")\n')
