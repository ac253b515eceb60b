"""`python -m tests.flood`: junk entries at the best rate there is, and how they wear the flash; some minutes.

100,000 at a lock of three grants, which have eleven codes at a time, and 20,000 at one of 64.
"""

import time

from host_sim.path import put_shim_first

ENTRIES = 100_000
FEWER = 20_000  # with all the grants that a lock takes


def main():
    """Flood a lock, check it, and print what it came to."""
    put_shim_first()
    from tests.host.flood import FULL_TABLE, GRANTS

    _flood(ENTRIES, GRANTS)
    _flood(FEWER, FULL_TABLE)


def _flood(entries, grants):
    from tests.host.flood import ENDURANCE, Report

    began = time.monotonic()
    report = Report(entries, grants)
    report.check()
    days = report.seconds / 86_400
    print(
        f"{len(grants)} grants: {report.entries} junk entries in {days:.1f} simulated days, "
        f"{report.compared} attempts, {report.boots} losses of power, {time.monotonic() - began:.0f} s"
    )
    print(f"{len(report.used)} used codes refused, {len(report.unused)} unused ones opened")
    for where, erases in report.erases_a_year.items():
        print(f"{where:<8} {erases:6.0f} erases a year and sector, {report.years[where]:5.0f} years until {ENDURANCE}")


if __name__ == "__main__":
    main()
