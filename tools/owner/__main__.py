"""`./dropbolt`: puts the firmware's `micropython` names on the path, then runs the owner's command by that name."""

from host_sim.path import put_shim_first


def main():
    """Import the command line once the path is right."""
    put_shim_first()
    from tools.cli import owner

    owner.app(prog_name="dropbolt")


if __name__ == "__main__":
    main()
