"""Entry of a boot in the MicroPython VM: the bus is the socket with file number 3, one packet for each part."""

import io
import os
import sys

import bus
import protocol

_BUS = 3
_requests = open(_BUS, "wb", 0)  # noqa: SIM115  (open as long as the chip runs)
_replies = open(_BUS, "rb", 0)  # noqa: SIM115
_head = bytearray(protocol.REPLY_SIZE)


def _exchange(request):
    _requests.write(request)
    if _replies.readinto(_head) != protocol.REPLY_SIZE:
        raise SystemExit  # the world is gone
    return _head


def _describe(exception):
    text = io.StringIO()
    sys.print_exception(exception, text)
    return text.getvalue()


class _Later:
    """Stands for a module that would be the VM's own, until something of it is needed."""

    def __getattr__(self, name):
        import socket

        return getattr(socket, name)


bus.Stream = io.IOBase
bus.connect(_exchange, _replies.read)
sys.modules["usocket"] = _Later()  # else the prefix gives the VM's, whatever the path says

from start import start  # noqa: E402  (needs the bus)

_main = {"__name__": "__main__"}


def _execute(name):
    if name in os.listdir():
        execfile(name, _main)  # noqa: F821  (a builtin of MicroPython)


start(_execute, _describe)
