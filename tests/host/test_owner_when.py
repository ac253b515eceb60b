"""Times as people say them: understood at the lock, or refused with what they could mean."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.core.zone import Zone
from tools.owner import place
from tools.owner.when import WhenError, instant_of, span_of

BERLIN = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
NOW = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())  # a Sunday, 10:00 at the lock


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tomorrow 9-12", "Mon 23 Nov 2026 09:00 to 12:00 (UTC+1)"),
        ("from 9 to 12 tomorrow", "Mon 23 Nov 2026 09:00 to 12:00 (UTC+1)"),
        ("9-12", "Sun 22 Nov 2026 09:00 to 12:00 (UTC+1)"),
        ("tomorrow 9am-5pm", "Mon 23 Nov 2026 09:00 to 17:00 (UTC+1)"),
        ("tomorrow 9-5pm", "Mon 23 Nov 2026 09:00 to 17:00 (UTC+1)"),
        ("Fri, 14:30 - 16.00", "Fri 27 Nov 2026 14:30 to 16:00 (UTC+1)"),
        ("tue 24 nov 8-10", "Tue 24 Nov 2026 08:00 to 10:00 (UTC+1)"),
        ("24.12. 8-10", "Thu 24 Dec 2026 08:00 to 10:00 (UTC+1)"),
        ("2026-12-24", "Thu 24 Dec 2026 00:00 to 24:00 (UTC+1)"),
        ("in 3 days 8-24", "Wed 25 Nov 2026 08:00 to 24:00 (UTC+1)"),
        ("today 22-2", "Sun 22 Nov 2026 22:00 to Mon 23 Nov 2026 02:00 (UTC+1)"),
        (
            "27 mar 2027 22-8",
            "Sat 27 Mar 2027 22:00 (UTC+1) to Sun 28 Mar 2027 08:00 (UTC+2), over a change of the clocks",
        ),
        (
            "31 oct 2027 1-2:30",
            "Sun 31 Oct 2027 01:00 (UTC+2) to Sun 31 Oct 2027 02:30 (UTC+1), over a change of the clocks",
        ),
    ],
)
def test_spans_are_understood_at_the_lock(text, told):
    assert place.span(BERLIN, *span_of(text, BERLIN, NOW)) == told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3/4 9-12", "03 Apr 2027 or 04 Mar 2027\\? write the month"),
        ("next fri 9-12", "the coming one, or the one a week later"),
        ("sunday 9-12", "sunday is today"),
        ("tue 23 nov 9-12", "23 Nov 2026 is a monday, not a tuesday"),
        ("9-5", "9:00 to 17:00, or overnight to 5:00"),
        ("8-9", "08:00 to 09:00 .* is over; did you mean another day"),
        ("yesterday 9-12", "is over"),
        ("tomorrow 9", "what day is `tomorrow 9`"),
        ("tomorrow 9:00", "from when until when"),
        ("28 mar 2027 2:30-5", "leave that hour out"),
        ("24-25", "there is no 25:00"),
        ("9-9", "end when they begin"),
        ("tomorrow 13pm-14", "there is no 13 pm"),
        ("2026-11-31 9-12", "what day is"),
        ("soon", "what day is `soon`"),
        ("2999-01-01 9-10", "years from 2020 to 2103"),
        ("2999-01-01", "years from 2020 to 2103"),
        ("", "from when until when"),
    ],
)
def test_what_is_unclear_is_refused(text, why):
    with pytest.raises(WhenError, match=why):
        span_of(text, BERLIN, NOW)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("now", "Sun 22 Nov 2026 10:00 (UTC+1)"),
        ("yesterday 18:00", "Sat 21 Nov 2026 18:00 (UTC+1)"),
        ("friday at 6pm", "Fri 20 Nov 2026 18:00 (UTC+1)"),
        ("20 nov 7:30", "Fri 20 Nov 2026 07:30 (UTC+1)"),
        ("20 minutes ago", "Sun 22 Nov 2026 09:40 (UTC+1)"),
        ("2026-10-25T00:30Z", "Sun 25 Oct 2026 02:30 (UTC+2)"),
    ],
)
def test_moments_are_understood_at_the_lock(text, told):
    assert place.moment(BERLIN, instant_of(text, BERLIN, NOW)) == told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-10-25 02:30", "twice on this day: write 2026-10-25T00:30Z or 2026-10-25T01:30Z"),
        ("2026-03-29 02:30", "leave that hour out"),
        ("yesterday", "at what time"),
        ("2026-13-01T00:00Z", "month"),
        ("1999-01-01T00:00Z", "years from 2020 to 2103"),
        ("9999-12-31T23:59Z", "years from 2020 to 2103"),
    ],
)
def test_moments_that_are_unclear_are_refused(text, why):
    with pytest.raises(WhenError, match=why):
        instant_of(text, BERLIN, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_span_or_refused(text):
    try:
        since, until = span_of(text, BERLIN, NOW)
    except WhenError as error:
        assert str(error)
    else:
        assert since < until > NOW


ZONES = st.sampled_from(["UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "NST3:30"])


@given(ZONES, st.integers(946_684_800, 4_000_000_000))
def test_what_the_clocks_show_leads_back_to_the_instant(rule, t):
    zone = Zone(rule)
    times = place.instants(zone, place.local(zone, t))
    assert t in times
    assert len(times) <= 2
