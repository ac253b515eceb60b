"""Codes from an owner's record open the lock when they say so, and at no other time; none is given out twice."""

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.verify import otp_code
from host_sim.lock import DEFAULT_START
from tests.host.owners import CONFIG, lock_of, record
from tools.owner.app import link
from tools.owner.issue import IssueError, digits_of, hours, issue, status
from tools.owner.record import WITHDRAWN, RecordError, joined

HOUR = 3600
DAY = 24 * HOUR


def typed(lock, t, digits):
    """Whether the digits, typed at unix second `t`, open the lock."""
    lock.wait(t - lock.now)
    lock.wake()
    before = lock.openings
    lock.type(digits + "#")
    lock.wait(20)
    return lock.openings > before


SPANS = st.tuples(st.integers(0, 4 * DAY), st.integers(1, 3 * HOUR))


@settings(max_examples=25)
@given(st.sampled_from(["visitors", "days", "cleaner"]), SPANS, st.data())
def test_an_interval_code_opens_in_its_window_and_not_outside(grant, span, data):
    kept = record()
    since = DEFAULT_START + HOUR + span[0]
    try:
        issued = issue(kept, grant, DEFAULT_START, (since, since + span[1]))
    except IssueError as error:
        assert "opens for so long" in str(error) or "schedule" in str(error)
        return
    code = issued.code
    assert code.since <= since
    assert since + span[1] <= code.until
    spans = hours(kept, kept.place(grant), code.since, code.until)
    begin, end = data.draw(st.sampled_from(spans))
    with lock_of(kept) as lock:
        if begin - 60 > lock.now:
            assert not typed(lock, begin - 30, issued.digits)
        inside = data.draw(st.integers(max(begin + 2, DEFAULT_START + 60), max(end - 20, begin + 2)))
        assert typed(lock, max(inside, lock.now + 5), issued.digits)
        assert not typed(lock, lock.now + 60, issued.digits)
    with lock_of(kept) as lock:
        assert not typed(lock, end + 2, issued.digits)


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["both", "swapped", "one", "other"]), min_size=6, max_size=6))
def test_codes_of_an_event_open_in_any_order_and_no_show_blocks_nothing(days):
    kept = record()
    with lock_of(kept) as lock:
        for day in days:
            out = [issue(kept, "couriers", int(lock.now))]
            try:
                out.append(issue(kept, "couriers", int(lock.now)))
            except IssueError:  # the no-shows of former days take up the rest of the window
                day = "one"
            come = {"swapped": out[::-1], "one": out[:1], "other": out[1:]}.get(day, out)
            for each in come:
                assert typed(lock, lock.now + 60, each.digits)
            for each in out:
                if each not in come:
                    each.code.state = WITHDRAWN
            used(kept, [each.code for each in come])


def used(kept, codes):
    """The owner's computer learns that the lock has seen these codes."""
    state = kept.state()
    for code in codes:
        state.burn_code(code.grant, code.serial, code.value)
    kept.seen = [bytes(body).hex() for body in state.snapshot()]


def test_no_more_than_a_quarter_of_the_window_is_out():
    kept = record()
    codes = [issue(kept, "couriers", DEFAULT_START) for _ in range(2)]
    with pytest.raises(IssueError, match="2 codes are given out and not known to be used.*dropbolt log front"):
        issue(kept, "couriers", DEFAULT_START)
    assert (len(kept.codes), kept.next[2]) == (2, 2)
    used(kept, [codes[1].code])
    assert issue(kept, "couriers", DEFAULT_START).code.value == 2
    assert status(kept, kept.state(), codes[1].code, DEFAULT_START) == "used"


def test_withdrawn_codes_make_room_up_to_the_end_of_the_window():
    kept = record()
    given_out = []
    with pytest.raises(IssueError, match="window of 8"):
        while len(given_out) < 20:
            given_out.append(issue(kept, "couriers", DEFAULT_START))
            given_out[-1].code.state = WITHDRAWN
    assert len(given_out) == 8


def test_a_counter_with_the_digits_of_an_open_code_is_skipped(monkeypatch):
    kept = record()
    first = issue(kept, "couriers", DEFAULT_START)
    real = otp_code

    def colliding(grants, i, serial, value, lock_id):
        return first.digits if value == 1 else real(grants, i, serial, value, lock_id)

    monkeypatch.setattr("tools.owner.issue.otp_code", colliding)
    assert issue(kept, "couriers", DEFAULT_START).code.value == 2


def test_each_serial_once_for_a_step():
    kept = record()
    codes = [issue(kept, "visitors", DEFAULT_START) for _ in range(3)]
    assert len({each.digits for each in codes}) == 3
    with pytest.raises(IssueError, match="all 3 codes.*are given out"):
        issue(kept, "visitors", DEFAULT_START)
    assert issue(kept, "visitors", DEFAULT_START, (DEFAULT_START + DAY, DEFAULT_START + DAY + 60))


def test_two_computers_never_give_out_the_same_code():
    kept = record()
    here = [issue(kept, "visitors", DEFAULT_START)]
    other = joined(kept, [(kept.place("visitors"), 1), (kept.place("couriers"), 1)])
    there = []
    for who, codes, grants in ((kept, here, ("visitors",)), (other, there, ("visitors", "couriers"))):
        for grant in grants:
            for _ in range(3):
                try:
                    codes.append(issue(who, grant, DEFAULT_START))
                except IssueError:
                    break
    assert (len(here), len(there)) == (2, 3)
    assert not {each.digits for each in here} & {each.digits for each in there}
    with pytest.raises(IssueError, match="another computer's to give out; this one's: app, visitors"):
        issue(kept, "couriers", DEFAULT_START)


def test_what_was_begun_here_is_not_given_away():
    kept = record()
    issue(kept, "couriers", DEFAULT_START)
    with pytest.raises(RecordError, match="goes over as a whole, and codes of it were given out"):
        joined(kept, [(kept.place("couriers"), 1)])
    with pytest.raises(RecordError, match="has 3 serials .* no more than those"):
        joined(kept, [(kept.place("visitors"), 4)])
    assert kept.share[3] == [0, 1, 2]


def test_what_cannot_be_is_said():
    kept = record()
    with pytest.raises(IssueError, match="no code of visitors opens for so long: one opens Mon 2 Mar 2026 .*second"):
        issue(kept, "visitors", DEFAULT_START, (DEFAULT_START, DEFAULT_START + DAY))
    with pytest.raises(IssueError, match="no hours of their own: leave --when out, or take one of .* visitors"):
        issue(kept, "couriers", DEFAULT_START, (DEFAULT_START, DEFAULT_START + DAY))
    with pytest.raises(RecordError, match="no grant 'guest'; it has app, couriers"):
        issue(kept, "guest", DEFAULT_START)
    sunday = DEFAULT_START + 6 * DAY
    with pytest.raises(IssueError, match="cleaner is closed then by its schedule: Sun 8 Mar 2026 09:00 to 10:00"):
        issue(kept, "cleaner", DEFAULT_START, (sunday, sunday + HOUR))
    with pytest.raises(IssueError, match="cleaner is closed then by its schedule: Sat 7 Mar 2026 13:00"):
        issue(kept, "cleaner", DEFAULT_START + 5 * DAY + 4 * HOUR)
    assert kept.codes == []


def test_a_grant_keeps_to_its_days():
    dated = CONFIG.replace('label = "days"', 'label = "days"\nvalid_until = 2026-03-05T00:00:00Z')
    kept = record(config=dated)
    with pytest.raises(IssueError, match="days is valid until Thu 5 Mar 2026 01:00"):
        issue(kept, "days", DEFAULT_START, (DEFAULT_START + 3 * DAY, DEFAULT_START + 3 * DAY + 60))
    with pytest.raises(IssueError, match="days ended on"):
        issue(kept, "days", DEFAULT_START + 9 * DAY)
    assert issue(kept, "days", DEFAULT_START + 2 * DAY).code.until == DEFAULT_START - 8 * HOUR + 3 * DAY
    later = record(config=CONFIG.replace('label = "days"', 'label = "days"\nvalid_from = 2026-03-05T00:00:00Z'))
    with pytest.raises(IssueError, match="days is valid from Thu 5 Mar 2026 01:00 .* on: ask with --when"):
        issue(later, "days", DEFAULT_START)


def test_numbers_are_told_as_they_are():
    kept = record()
    assert issue(kept, "parcel", DEFAULT_START).digits == "73913042"
    assert digits_of(kept, kept.codes[0]) == "73913042"


@settings(max_examples=12)
@given(st.integers(0, 10**9), st.booleans(), st.sampled_from([6, 7, 8]), st.sampled_from([30, 60]))
def test_an_app_makes_the_codes_that_open(later, sha256, digits, step):
    fields = f'label = "app"\nsha256 = {str(sha256).lower()}\nstep = "{step}s"'
    text = (
        CONFIG.replace('label = "app"', fields)
        .replace("digits = 6", f"digits = {digits}")
        .replace("_in = 100", "_in = 10")
    )
    text = text.replace("length = 6", f"length = {digits}") if digits == 7 else text
    kept = record(config=text)
    app = pyotp.parse_uri(link(kept, "app"))
    t = DEFAULT_START + later
    assert app.at(t) == otp_code(kept.table, 0, 0, kept.table.step_at(0, t), kept.lock_id)
    assert (app.name, app.issuer, app.interval) == ("front app", "Dropbolt", step)
