"""Where the firmware runs: in this process under CPython, or in a process of its own under the MicroPython VM.

Both give the world the same two things: `boot(port)` starts the firmware from boot.py as a `Run`, and `close()` ends
what the runtime keeps. A world.port.Port is the world's end of the bus: `serve(request)` takes the bytes of
host_sim/chip/protocol.py, `answer` what they would say; `world.flash`, a NorFlash or None, is what the chip may read
without asking.
"""

from host_sim.runtime.cpython import CPythonRuntime
from host_sim.runtime.vm import VmRuntime

RUNTIMES = {"cpython": CPythonRuntime, "micropython": VmRuntime}
"""The names by which a runtime is chosen; each is called with the root of the firmware's tree."""
