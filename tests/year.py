"""`python -m tests.year`: what a stranger at the keypad gets done in a year, beside honest people; some seconds."""

from host_sim.path import put_shim_first


def main():
    """Live the year and print what it came to."""
    put_shim_first()
    import sys

    sys.path.append("tests/both")
    from tests.host.stranger import quick_stretch
    from tests.host.year import Year

    with quick_stretch():
        print(*Year().lines(), sep="\n")


if __name__ == "__main__":
    main()
