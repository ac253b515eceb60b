"""A stranger's junk keeps no courier out, lets no used code in, and wears nothing out in the life of a door."""

from firmware.core.words import DECISIONS
from tests.host.flood import ENDURANCE, FULL_TABLE, GRANTS, NVS, RINGS, YEAR_S, Flood, Report


def test_a_flood_of_junk_evicts_nothing_and_wears_nothing_out():
    report = Report(5_000)
    report.check()
    assert report.compared > 5_000 / 4
    assert report.boots
    assert min(report.years[ring] for ring in RINGS) > 30
    assert report.years[NVS] > 15


def test_nor_does_it_with_all_the_grants_that_a_lock_takes():
    report = Report(1_000, FULL_TABLE)
    report.check()
    assert report.compared > 1_000 / 4


def test_a_used_code_typed_on_and_on_costs_no_guess_and_wears_nothing_out_for_years():
    """Its token comes back each time, so nothing but the wait of 3 s bounds it; typing nine digits takes one more."""
    flood = Flood(GRANTS)
    used = flood.codes()[0]
    assert flood.patiently(used) == "opened"
    began, before = flood.board.t, flood.erases()
    for entry in range(3_000):
        assert DECISIONS[flood.type(used)] == "used"
        flood.pass_time(4)
        if entry % 500 == 0:
            flood.sleep(10)
    after, seconds = flood.erases(), flood.board.t - began
    for where, erases in after.items():
        assert (erases - before[where]) * 5 * YEAR_S / seconds < ENDURANCE
    assert after[NVS] > before[NVS]
    assert flood.compared == 3_001
    assert flood.patiently(flood.codes()[1]) == "opened"
