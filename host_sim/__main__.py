"""`python -m host_sim`: puts the firmware's `micropython` names on the path, then runs the command line of `cli`."""

import sys
from pathlib import Path


def main():
    """The shim comes first: the wheel of the VM leaves a `micropython.py` in site-packages, which is another thing."""
    sys.path.insert(0, str(Path(__file__).parent / "shim"))
    from host_sim.cli import app

    app(prog_name="python -m host_sim")


if __name__ == "__main__":
    main()
