"""The bus from the MicroPython VM to the world: a socket between two processes, one packet for each part."""

import io
import sys

import bus
import protocol


class _Later:
    """Stands for a module that would be the VM's own, until something of it is needed."""

    def __getattr__(self, name):
        import socket

        return getattr(socket, name)


def join(file):
    """Join this boot to the world whose socket has the number `file`."""
    requests = open(file, "wb", 0)  # noqa: SIM115  (open as long as the chip runs)
    replies = open(file, "rb", 0)  # noqa: SIM115
    head = bytearray(protocol.REPLY_SIZE)

    def exchange(request):
        requests.write(request)
        if replies.readinto(head) != protocol.REPLY_SIZE:
            raise SystemExit  # the world is gone
        return head

    bus.Stream = io.IOBase
    bus.connect(exchange, replies.read)
    sys.modules["usocket"] = _Later()  # else the prefix gives the VM's, whatever the path says


def describe(exception):
    """What MicroPython would print of an exception that nothing caught."""
    text = io.StringIO()
    sys.print_exception(exception, text)
    return text.getvalue()
