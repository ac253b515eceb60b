"""`python -m tests.flood`: 100,000 junk entries at the best rate there is, and how they wear the flash; two minutes."""

import time

from host_sim.path import put_shim_first

ENTRIES = 100_000


def main():
    """Flood a lock, check it, and print what it came to."""
    put_shim_first()
    from tests.host.flood import ENDURANCE, Report

    began = time.monotonic()
    report = Report(ENTRIES)
    report.check()
    days = report.seconds / 86_400
    print(
        f"{report.entries} junk entries in {days:.1f} simulated days, {report.compared} attempts, "
        f"{report.boots} losses of power, {time.monotonic() - began:.0f} s"
    )
    print(f"{len(report.used)} used codes refused, {len(report.unused)} unused ones opened")
    for ring, erases in report.erases_a_year.items():
        print(f"{ring:<8} {erases:6.0f} erases a year and sector, {report.years[ring]:5.0f} years until {ENDURANCE}")


if __name__ == "__main__":
    main()
