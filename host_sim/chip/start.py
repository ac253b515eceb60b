"""What MicroPython does on the chip after a reset: boot.py, main.py, both in `__main__`, then a prompt."""

import struct

import bus
import protocol


def start(execute, describe):
    """Run this boot to its end: `execute(name)` runs a file, `describe(exception)` is a text.

    The end is always a request. SystemExit resets softly. To return from main.py or to let an exception out leaves a
    prompt: the world is told so, and answers only where somebody may use it.
    """
    said = protocol.RETURNED
    try:
        execute("boot.py")
        execute("main.py")
    except SystemExit:
        bus.chip.call(protocol.RESET, struct.pack("<B", protocol.SOFT_RESET))
    except (Exception, KeyboardInterrupt) as exception:
        said = describe(exception)
    bus.chip.call(protocol.PROMPT, said.encode())
