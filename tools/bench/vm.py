"""Measurements on the MicroPython VM: a script of on_vm/ over the compiled firmware, as the chip would load it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from host_sim.runtime.image import PROJECT, firmware_image

_SCRIPTS = Path(__file__).with_name("on_vm")
_MICROPYTHON = Path(sys.executable).with_name("micropython")
HMAC = PROJECT / "build" / "hmac"
"""micropython-lib's module, which figures are compared with: `make hmac`."""
_HEAP = "2M"
_TIMEOUT_S = 300


def run_on_vm(script, *contents, library=None):
    """What on_vm/`script`.py says as JSON; it gets `contents` (bytes each) as files.

    library: where it finds the firmware; None: each module of it compiled, under its own name.
    """
    library = library or firmware_image(PROJECT).separate()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        done = subprocess.run(
            [_MICROPYTHON, "-X", f"heapsize={_HEAP}", _SCRIPTS / f"{script}.py", *files],
            cwd=folder,
            env={**os.environ, "MICROPYPATH": f"{library}:{HMAC}:{_SCRIPTS}:.frozen"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{script}.py on the VM ended with status {done.returncode}:\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout)
