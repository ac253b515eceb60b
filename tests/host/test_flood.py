"""A stranger's junk keeps no courier out, lets no used code in, and wears nothing out in the life of a door."""

from tests.host.flood import NVS, RINGS, Report


def test_a_flood_of_junk_evicts_nothing_and_wears_nothing_out():
    report = Report(5_000)
    report.check()
    assert report.compared > 5_000 / 4
    assert report.boots
    assert min(report.years[ring] for ring in RINGS) > 30
    assert report.years[NVS] > 15
