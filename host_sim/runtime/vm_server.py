"""Helper process that forks a MicroPython VM for each boot; vm_process.py starts it as a script, without `site`.

Importing the VM once and forking costs a tenth of starting it; forking wants a process of one thread. Requests come as
packets on the socket whose file number is the first argument, each with the files of a boot (bus, output, and the
memory of its flash where it has one):

    MICROPYPATH\\0folder\\0argument\\0...       the child's first packet on the bus is its process id, as text

A VM that waits for a reply can be copied. On SIGUSR1 it says `copy` on its bus and takes a socket from there; a process
that is left there forks for each packet, with files as above, a VM that goes on where the first one waited.

Children are buried by the system, and those whose parent has ended come to this process. When the socket closes, the
harness is gone and every process of the group is killed.
"""

import ctypes
import os
import signal
import socket
import sys

_MAX_PACKET = 8192
_BUS_FD = 3
_PR_SET_CHILD_SUBREAPER = 36
_PROT_READ_WRITE, _MAP_SHARED, _MAP_FIXED = 3, 1, 16

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int)
_libc.signal.argtypes = ctypes.c_int, _Handler


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.append(sys.argv[2])
    import micropython_module

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    packet, files = _born(control)
    if not packet:
        os.killpg(0, signal.SIGKILL)
    search_path, folder, *arguments = packet.decode().split("\0")
    memory = _Memory()
    where = memory.hold(files)
    _take(files)
    os.environ["MICROPYPATH"] = search_path
    os.chdir(folder)
    handler = _Handler(lambda number: _copy(memory))  # by the C library, since nothing of CPython runs in a VM
    _libc.signal(signal.SIGUSR1, handler)
    os._exit(micropython_module.run_main([*arguments, *map(str, where)]))


def _born(control):
    """Fork a process for each packet; returns in these with packet and files, at the end in this one with none."""
    while True:
        packet, files, _, _ = socket.recv_fds(control, _MAX_PACKET, 3)
        if not packet or os.fork() == 0:
            control.close()
            return packet, files
        for file in files:
            os.close(file)


class _Memory:
    """The bytes of the flash, at the same address in all copies of a VM."""

    def __init__(self):
        self._address, self._size = None, 0

    def hold(self, files):
        """Map the third of `files`, where there is one; returns (address, size), nothing without."""
        for file in files[2:]:
            self._size = os.fstat(file).st_size
            flags = _MAP_SHARED | (_MAP_FIXED if self._address else 0)
            self._address = _libc.mmap(self._address, self._size, _PROT_READ_WRITE, flags, file, 0)
        return (self._address, self._size) if self._size else ()


def _take(files):
    """Be the VM of these files."""
    bus, output = files[:2]
    os.write(bus, b"%d" % os.getpid())
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(bus, _BUS_FD)
    for file in files:
        if file != _BUS_FD:
            os.close(file)


def _copy(memory):
    """In the midst of the VM: leave a copy of it behind, from which others are forked; returns in these, too."""
    bus = socket.socket(fileno=_BUS_FD)
    bus.send(b"copy")
    _, files, _, _ = socket.recv_fds(bus, _MAX_PACKET, 1)
    bus.detach()
    if os.fork():
        os.close(files[0])
        return
    for file in (1, 2, _BUS_FD):  # a bus ends with its own VM
        os.dup2(0, file)
    packet, files = _born(socket.socket(fileno=files[0]))
    if not packet:
        os._exit(0)
    memory.hold(files)
    _take(files)


if __name__ == "__main__":
    main()
