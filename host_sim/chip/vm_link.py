"""The bus from the MicroPython VM to the world: a socket between two processes, one packet for each part, and memory
that both share for the bytes in the flash."""

import io
import sys

import bus
import protocol
import uctypes


class _Later:
    """Stands for a module that would be the VM's own, until something of it is needed."""

    def __getattr__(self, name):
        import socket

        return getattr(socket, name)


def join(file, cells=0, size=0):
    """Join this boot to the world whose socket has the number `file`; the partition's bytes are at address `cells`."""
    requests = open(file, "wb", 0)  # noqa: SIM115  (open as long as the chip runs)
    replies = open(file, "rb", 0)  # noqa: SIM115
    head = bytearray(protocol.REPLY_SIZE)

    def exchange(request):
        requests.write(request)
        if replies.readinto(head) != protocol.REPLY_SIZE:
            raise SystemExit  # the world is gone
        return head

    bus.Stream = io.IOBase
    bus.connect(exchange, replies.read, memoryview(uctypes.bytearray_at(cells, size)) if size else None)
    sys.modules["usocket"] = _Later()  # else the prefix gives the VM's, whatever the path says


def describe(exception):
    """What MicroPython would print of an exception that nothing caught."""
    text = io.StringIO()
    sys.print_exception(exception, text)
    return text.getvalue()
