"""`python -m tools`: puts the firmware's `micropython` names on the path, then runs the command line of `cli`."""

from host_sim.path import put_shim_first


def main():
    """Import the command line once the path is right."""
    put_shim_first()
    from tools.cli import app

    app(prog_name="python -m tools")


if __name__ == "__main__":
    main()
