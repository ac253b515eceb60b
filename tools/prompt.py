"""The prompt of a lock at the other end of a serial cable, by mpremote's transport: never with a restart of the lock,
which would close its console again.
"""

import io
import struct
import termios
import time
from contextlib import contextmanager, redirect_stdout

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.image import Refused
from tools.image.release import PROMPT
from tools.sentence import plain

_ANSWER_S = 5
_SILENT_S = 3
_RAW = b"raw REPL; CTRL-B to exit\r\n"
_MODULES = """
import gc, sys
for name in list(sys.modules):
    if name.startswith("firmware"):
        del sys.modules[name]
if sys.path[0] != "/{folder}/{prompt}":
    sys.path.insert(0, "/{folder}/{prompt}")
gc.collect()
"""
_NO_PORT = "{port} cannot be opened: is the cable plugged in, and no other program using it?"
_NO_PROMPT = (
    "the lock on {port} gives no prompt: hold its maintenance key while it gets power, until the LED stays lit, "
    "and try again"
)
STILL_OPEN = (
    "the console of the lock on {port} is still open, and the lock does not serve: let go of the maintenance key, "
    "and take the lock's power away for a moment"
)


@contextmanager
def opened(port, broken):
    """mpremote's transport, at the raw prompt of the lock at the serial `port`.

    Raises Refused: no port, no prompt, or `broken`, a sentence with {port} and {why}, where what the lock was told to
    do fails there or the lock stops answering.
    """
    try:
        transport = SerialTransport(port, timeout=_ANSWER_S)
    except TransportError as error:
        raise Refused(_NO_PORT.format(port=port)) from error
    try:
        _enter(transport, port)
        yield transport
    except TransportExecError as error:
        raise Refused(broken.format(port=port, why=f"failed with {last_line(error)}")) from error
    except (TransportError, OSError, termios.error, struct.error, SyntaxError, ValueError) as error:
        raise Refused(broken.format(port=port, why="stopped answering")) from error
    finally:
        try:
            transport.close()
        except (OSError, termios.error):  # the port is gone
            pass


def name_modules(transport, folder):
    """Have the modules of the release in `folder` under their own names; those that a wake loads are linked."""
    transport.exec(_MODULES.format(folder=folder, prompt=PROMPT))


def restart(transport):
    """Start the lock anew, as it is in service; returns whether its console is closed then."""
    transport.exec_raw_no_follow("import machine\nmachine.reset()")
    time.sleep(_SILENT_S)
    try:
        transport.serial.timeout = _SILENT_S
        transport.serial.reset_input_buffer()
        transport.serial.write(b"\r\x03\r\x01")
        return _RAW not in transport.read_until(1, _RAW, timeout_overall=_SILENT_S)
    except (OSError, termios.error):  # the port is gone
        return True


def last_line(error):
    """What the lock's traceback ends with, of a TransportExecError."""
    return plain(error.error_output.strip().rpartition("\n")[2])


def _enter(transport, port):
    try:
        with redirect_stdout(io.StringIO()):  # mpremote prints what came instead of a prompt
            transport.enter_raw_repl(soft_reset=False, timeout_overall=_ANSWER_S)
    except TransportError as error:
        raise Refused(_NO_PROMPT.format(port=port)) from error
