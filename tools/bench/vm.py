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
_HEAP = "1M"
_TIMEOUT_S = 300


def run_on_vm(script, image, packed):
    """What on_vm/`script`.py says as JSON; it gets the partition's `image` and the `packed` grants as files."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("image", "grants")]
        for file, content in zip(files, (image, packed), strict=True):
            file.write_bytes(content)
        done = subprocess.run(
            [_MICROPYTHON, "-X", f"heapsize={_HEAP}", _SCRIPTS / f"{script}.py", *files],
            cwd=folder,
            env={**os.environ, "MICROPYPATH": f"{firmware_image(PROJECT).compiled()}:{_SCRIPTS}:.frozen"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{script}.py on the VM ended with status {done.returncode}:\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout)
