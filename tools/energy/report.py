"""The tables of `make energy`: what each thing takes, months by habits, what each choice buys, other locks."""

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from host_sim.provision import DEFAULT_SETTINGS
from host_sim.world import figures
from tools.energy import runs
from tools.energy.battery import Cells
from tools.energy.model import CALL, Days
from tools.energy.peers import PEERS
from tools.energy.runs import CERTIFICATE, CheckIn

OPENINGS = (0, 5, 10, 30)
CALLS_ONLY = {"check_ins": 0, "calls": 1 / 7}
INTERVALS = (
    ("calls only, one a week", CALLS_ONLY),
    ("24 h", {"check_ins": 1}),
    ("6 h", {"check_ins": 4}),
    ("1 h", {"check_ins": 24}),
    ("15 min", {"check_ins": 96}),
    ("5 min", {"check_ins": 288}),
)
GOALS = (
    ("ten openings a day, a check-in every hour", 12, Days()),
    ("ten openings a day, the radio on calls only", 24, Days(**CALLS_ONLY)),
)
_POOR = CheckIn(bssid=False, tls=CERTIFICATE)


def months():
    """[(interval, [months for each of OPENINGS])]."""
    return [(name, [Days(openings=count, **often).months() for count in OPENINGS]) for name, often in INTERVALS]


def choices():
    """[(choice, months)] at ten openings a day and a check-in every hour."""
    share, more = figures.OTHER_SHARES, figures.ELSEWHERE_MICROAMPS
    found = [
        ("address by DHCP, kept for half a day", Days(asks=2)),
        ("address by DHCP at each check-in", Days(asks=24)),
        ("access point looked for by its name", Days(how=CheckIn(bssid=False))),
        ("TLS by certificates, not by a pre-shared key", Days(how=CheckIn(tls=CERTIFICATE))),
        ("certificates, no access point known, an address asked for each time", Days(how=_POOR, asks=24)),
        ("one check-in in ten finds the broker silent", Days(silent=2.4)),
        ("a call a day", Days(calls=1)),
    ]
    found += [(name, Days(extra_ua=ua)) for name, ua in more.items()]
    found += [(name, Days(shares=left)) for name, left in share.items()]
    found = [(name, days.months()) for name, days in found]
    found += [(f"at {celsius} °C", Days().months(Cells(celsius=celsius))) for celsius in (0, -10)]
    found += [("cells that recover between two loads", Days().months(Cells(rested=True)))]
    return sorted(found, key=lambda each: each[1])


def costs():
    """[(what the lock does, the Run of it)]."""
    return [
        ("an opening", runs.opening()),
        ("a refusal", runs.refused()),
        ("a check-in", runs.check_in()),
        ("a check-in with five openings to tell, two grants to take", runs.check_in(CheckIn(openings=5, commands=2))),
        ("a call, 20 s of listening", runs.check_in(CALL)),
        ("a check-in without a broker, 20 s", runs.check_in(CheckIn(silent=True))),
    ]


def lines():
    """Yield what to print."""
    yield Text("What it takes, in millicoulombs", "bold")
    yield Padding(_costs(), (0, 2), expand=False)
    yield Text("\nMonths on four AA, by check-in interval and openings a day", "bold")
    yield Padding(_months(), (0, 2), expand=False)
    for text, least, days in GOALS:
        found = days.months()
        yield Text(f"  {text}: {found:.1f}, goal {least} or more: ").append(*_met(found >= least))
    yield Text(f"  the log says that the batteries are low {_warning():.1f} months before")
    base = Days().months()
    yield Text(
        f"\nWhat each choice makes of these {base:.1f} months, ten openings a day and a check-in every hour", "bold"
    )
    yield Padding(_rows(("choice", "months", "more"), _choices(base), right=(1, 2)), (0, 2), expand=False)
    yield Text("\nOther locks, as published", "bold")
    yield Padding(_rows(("lock", "radio", "months"), _peers(), right=(2,)), (0, 2), expand=False)


def _costs():
    rows = [("a day asleep", f"{runs.asleep() * 86.4:,.0f}", f"{runs.asleep():.0f} µA all day long")]
    for name, run in costs():
        parts = {part for part, _ in run.counts}
        shown = ", ".join(f"{part} {run.mc(part):.0f}" for part in ("chip", "radio", "motor") if part in parts)
        rows.append((name, f"{run.mc():,.0f}", shown))
    return _rows(("", "mC", "of which"), rows, right=(1,))


def _months():
    shown = Table.grid(padding=(0, 2))
    shown.add_column()
    for _ in OPENINGS:
        shown.add_column(justify="right", min_width=6)
    shown.add_row("", *(Text(str(count), "bold bright_black") for count in OPENINGS))
    for name, row in months():
        shown.add_row(name, *(f"{each:.1f}" for each in row))
    return shown


def _warning():
    return Days().months() - Days().months(Cells(cutoff_mv=DEFAULT_SETTINGS["battery_low_mv"]))


def _choices(base):
    return [(name, f"{found:.1f}", f"{found - base:+.1f}") for name, found in choices()]


def _peers():
    for peer in PEERS:
        least, most = peer.months
        yield peer.name, peer.radio, str(most) if least == most else f"{least} to {most}"


def _rows(names, rows, right=()):
    shown = Table.grid(padding=(0, 2))
    for index, _ in enumerate(names):
        shown.add_column(justify="right" if index in right else "left")
    shown.add_row(*(Text(name, "bold bright_black") for name in names))
    for row in rows:
        shown.add_row(*row)
    return shown


def _met(met):
    return ("yes", "green") if met else ("no", "bold red")
