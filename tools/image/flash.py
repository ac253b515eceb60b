"""A whole image onto a board, by esptool, which checks what it wrote by MD5.

A board that is a lock, or was one before a write that broke off, keeps `nvs` and `locklog`: its keys, its codes and
what was used. Any other is erased as a whole, since what was there before would be taken for the lock's log.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from host_sim.runtime.image import PROJECT
from tools.image import Refused, join, layout, release, vfs

BAUD = 460_800
_NAMESPACE = b"dropbolt\0"
"""How NVS names the lock's own part of it (`firmware/assembly.py`)."""
_FATAL = re.compile(r"A fatal error occurred: (.*)")
_STEPS = {
    "Could not open": "is the cable plugged in, and no other program using it?",
    "Failed to connect": "hold GPIO 0 at GND while EN goes from GND to 3.3 V, and try again",
    "not ESP32": "take a board with an ESP32",
}
"""What esptool says, in part -> what to do."""
_AGAIN = "write it again before the board is used"


def is_lock(port, baud=BAUD):
    """True if the board at the serial `port` has the lock's partition table or keys in NVS. Raises Refused."""
    end = layout.table().by_name("nvs")
    with tempfile.TemporaryFile() as file:  # it has a lock's keys, and no name under which they could be left
        size = end.offset + end.size - layout.TABLE
        words = ("--after", "no-reset", "read-flash", hex(layout.TABLE), hex(size), f"/dev/fd/{file.fileno()}")
        done = _esptool(port, baud, *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(file.fileno(),))
        if done.returncode:
            raise Refused(f"the board on {port} cannot be read: {_reason(done.stdout)}")
        content = file.read()
    return content.startswith(layout.table().to_bytes()) or _NAMESPACE in content[layout.TABLE_SIZE :]


def older(port, image, baud=BAUD):
    """Why not to write the file `image` (bytes) to the lock at the serial `port`; "" unless its firmware is older.

    A lock whose file system cannot be read runs nothing, so nothing is older. Raises Refused.
    """
    command = [sys.executable, "-m", "tools.image.peek", port, str(baud)]
    done = subprocess.run(command, check=False, capture_output=True, start_new_session=True, cwd=PROJECT)
    if done.returncode:
        raise Refused(f"the board on {port} stopped answering while it was read: run the same command again")
    *_, system = join.split(image)
    return release.older(done.stdout, vfs.main_of(system.content, layout.table().by_name("vfs").size))


def write(port, image, keep, baud=BAUD):
    """Write the file `image` (bytes) to the board; with `keep`, only where the lock keeps nothing of its own.

    Raises Refused; what the lock keeps is then as it was, and what was to be written may be there in part.
    """
    parts = join.split(image)
    if not keep:
        parts = (join.Part(layout.BOOTLOADER, image),)
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for part in parts:
            file = Path(folder, f"{part.address:#x}.bin")
            file.write_bytes(part.content)
            words += [hex(part.address), str(file)]
        erase = () if keep else ("--erase-all",)
        if _esptool(port, baud, "write-flash", *erase, *words).returncode:
            raise Refused(f"the board on {port} was not written as a whole, esptool says why above: {_AGAIN}")


def _esptool(port, baud, *words, **options):
    command = [sys.executable, "-m", "esptool", "--chip", "esp32", "--port", port, "--baud", str(baud), *words]
    # in a session of its own, or a Ctrl-C would also end in its traceback: whoever waits for it ends it
    return subprocess.run(command, check=False, text=True, start_new_session=True, **options)


def _reason(said):
    """What esptool gives as its reason, as the rest of a sentence, with what to do about it."""
    found = _FATAL.search(said)
    if not found:
        return f"esptool ended with: {said.strip()[-200:]}"
    told = found[1].strip().rstrip(".")
    steps = [step for words, step in _STEPS.items() if words in told]
    return "; ".join([told, *steps])
