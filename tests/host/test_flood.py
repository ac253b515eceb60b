"""A stranger's junk keeps no courier out, lets no used code in, and wears nothing out in the life of a door."""

from tests.host.flood import FULL_TABLE, NVS, RINGS, Report


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
