"""When the lock checks in by itself: often while a delivery is expected, rarely else, and not all locks at once."""

from binascii import crc32

_DAY = 86400
_LONGEST_EXPECTED = 7 * 86400  # a grant that is valid for longer expects nobody in particular
_MOST_DOUBLINGS = 6


def next_in(radio, grants, t, failures, lock, number):
    """Seconds until the next check-in; 0: none, on calls only.

    radio: a Radio, for its limits. grants: the table. t: unix seconds, 0 if the time is not known. failures: check-ins
    in a row that came to nothing: each doubles the time, up to a day. lock: id, 8 bytes. number: of the last check-in.
    A tenth of it, by lock and number, spreads locks that were all cut off at the same moment.
    """
    if not radio.rarely_s:
        return 0
    delay = expected(radio, grants, t)
    if failures:
        delay = max(delay, min(delay << min(failures, _MOST_DOUBLINGS), _DAY))
    return _spread(delay, lock, number)


def again_in(urgent, tries, lock):
    """Seconds until what could not be told is tried again, after so many times: from a minute, doubled up to an hour.

    What is not urgent, on a lock that checks in on calls only, has an hour, doubled up to a day. A tenth of it spreads
    locks as in `next_in`.
    """
    first, most = (60, 3600) if urgent else (3600, _DAY)
    return _spread(min(first << min(tries, _MOST_DOUBLINGS), most), lock, tries)


def _spread(delay, lock, number):
    share = crc32(lock + number.to_bytes(4, "little")) % 1000
    return max(1, delay - delay * share // 10000)


def expected(radio, grants, t):
    """Seconds between two check-ins as things stand: less than that where the time of a delivery begins before."""
    delay = radio.rarely_s
    for i in range(len(grants)):
        since, until = grants.valid_from(i), grants.valid_until(i)
        if not t or grants.revoked(i) or t >= until or until - (since or t) > _LONGEST_EXPECTED:
            continue
        delay = min(delay, max(radio.often_s, since - t))
    return delay
