"""Where the firmware's `micropython` names come from when a command runs on CPython."""

import sys
from pathlib import Path


def put_shim_first():
    """The shim comes first: the wheel of the VM leaves a `micropython.py` in site-packages, which is another thing."""
    sys.path.insert(0, str(Path(__file__).parent / "shim"))
