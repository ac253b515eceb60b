"""Whether a grant may join a set, or change in it: held against the rest of the set and against the time.

The grant is right by itself before it comes here, and so is the table with it (`bounds.py`). The others were admitted
before, each for its time, and are not looked at again but for what they share with this one: keys, an issuer's quota,
a stranger's chance. For a grant that comes by radio; what looks at a whole set (`admission.py`) is made of the same.
"""

from micropython import const

from firmware.core.budget import misfits
from firmware.core.risk import exceeds, risk
from firmware.core.words import NUMBER, PERMISSIONS

_DAY = const(86400)


class AdmissionError(ValueError):
    """A set that must not become the lock's; `complaints` are texts that tell all that is wrong with it."""

    def __init__(self, complaints):
        super().__init__("; ".join(complaints))
        self.complaints = complaints


def join(settings, grants, i, now, before):
    """Raise AdmissionError if anything speaks at unix second `now` against the grant in place `i`; ScheduleError or
    ZoneError if it has a schedule in a set whose schedules cannot be used.

    settings: dictionary as `Config` reads it, of an admitted set; grants: table that has passed `check_grants`. before:
    a table with the grant that stood in the place of this one, or an empty one.
    """
    if grants.schedule(i):  # a wake reads schedules, and where they are, only where a grant has one
        from firmware.core.schedule import Schedules
        from firmware.core.zone import Zone

        Schedules(settings["schedules"], Zone(settings["zone"]))
    powers = {row[0]: row[2] for row in settings["issuers"]}
    own, twin = secret(grants, i), 0
    for k in range(len(grants)):
        if k != i and not twin and secret(grants, k) == own:
            twin = grants.id(k)
    about = list(issued(grants, i, powers)) + list(identity(grants, i, before, (), twin))
    about += times(grants, i, settings, now, before, True)
    told = [f"grant {grants.id(i)}: {text}" for text in about]
    told += quotas([row for row in settings["issuers"] if row[0] == grants.issuer(i)], grants, now)
    told += chance(settings, grants)
    if told:
        raise AdmissionError(told)


def issued(grants, i, powers):
    """Whether the issuer of grant `i` is known and may give what it gives; the owner, number 0, may give all."""
    issuer = grants.issuer(i)
    if not issuer or grants.revoked(i):
        return
    if issuer not in powers:
        yield f"there is no issuer {issuer}"
        return
    beyond = grants.permissions(i) & ~powers[issuer]
    names = [name for bit, name in enumerate(PERMISSIONS) if beyond >> bit & 1]
    if names:
        yield f"permissions that issuer {issuer} has not: " + ", ".join(names)


def secret(grants, i):
    """What must not be the same of two grants, or they open by the same digits: a number, or else a key.

    HMAC fills a short key up with zeros (RFC 2104 2).
    """
    return grants.kind(i) == NUMBER, grants.key(i).rstrip(b"\0")


def identity(grants, i, before, used, twin):
    """Whether it is a grant of its own. twin: id of another with the same secret, 0: there is none."""
    if twin:
        yield f"same {'number' if grants.kind(i) == NUMBER else 'key'} as grant {twin}: one code would be of both"
    j = before.index(grants.id(i))
    if j >= 0 and (before.kind(j), before.key(j)) != (grants.kind(i), grants.key(i)):
        yield "its id belongs to another grant"
    if j >= 0 and before.serials(j) > grants.serials(i):  # or what they have opened is forgotten, should they come back
        yield f"serials {grants.serials(i)}: it had {before.serials(j)}, and never has fewer"
    if j < 0 and grants.id(i) in used:
        yield "its id was used before"


def times(grants, i, settings, now, before, known):
    """Whether any of its codes can ever open, for a grant that is new or has changed its times.

    known: whether schedules and zone are right, so that it can be said when they are open.
    """
    since, until, number = grants.valid_from(i), grants.valid_until(i), grants.schedule(i)
    if number > len(settings["schedules"]):
        yield f"there is no schedule {number}"
        return
    j = before.index(grants.id(i))
    if grants.revoked(i) or j >= 0 and (before.valid_until(j), before.schedule(j)) == (until, number):
        return
    if until and until <= now:
        yield "valid until lies in the past"
    elif until and number and known:
        if not _opens(settings["schedules"][number - 1], settings["zone"], max(since, now), until):
            yield f"schedule {number} is closed for as long as the grant is valid"


def _opens(windows, zone, since, until):
    """Whether the windows are open at any unix second from `since` to before `until`.

    If they are, then at `since`, where a window begins, or at the change of the clocks that a window is cut short by.
    """
    if until - since >= 8 * _DAY:
        return True
    from firmware.core.schedule import Schedules
    from firmware.core.zone import Zone

    zone = Zone(zone)
    schedules = Schedules([windows], zone)
    instants = [since, zone.next_change(since) or since]
    for day in range(since // _DAY - 1, until // _DAY + 2):
        for offset in (zone.offset(since), zone.offset(until)):
            instants += [day * _DAY + window[1] * 60 - offset for window in windows]
    return any(since <= t < until and schedules.allows(1, t) for t in instants)


def quotas(issuers, grants, now):
    """Which issuers have more codes outstanding than they may."""
    quotas = {number: max(0, quota) for number, _, _, quota in issuers}
    for number in sorted(quotas):
        codes = 0
        for i in range(len(grants)):
            past = 0 < grants.valid_until(i) <= now
            if grants.issuer(i) == number and not grants.revoked(i) and not past:
                codes += grants.candidates(i)
        if codes > quotas[number]:
            yield f"issuer {number}: {codes} codes outstanding, quota {quotas[number]}"


def chance(settings, grants):
    """Whether each typed length has its bucket, and a stranger's chance of a year keeps to the bound."""
    unfit = list(misfits([row[0] for row in settings["buckets"]], grants))
    if unfit:
        return unfit
    total = risk(grants, settings["buckets"])[1]
    if exceeds(total, settings["risk_one_in"]):
        return ["risk: a stranger opens with a chance of %.1e a year, above 1 in %d" % (total, settings["risk_one_in"])]
    return []
