"""What a lock on the cable has told, beside its owner's record: what is wrong with it, and what to do about each."""

import json

from firmware.core.grants import GRANT_SIZE, LABEL_AT, LABEL_SIZE, Grants
from firmware.core.words import LOST
from firmware.store.audit import UNSAFE, UNUSABLE
from tools.image.base import dotted
from tools.log.partition import SIZE, DumpError
from tools.log.verify import BadLog
from tools.owner import advice, dump, finding
from tools.owner.dump import OtherLock
from tools.owner.finding import Finding
from tools.owner.on_lock.hidden import known, masked
from tools.owner.record import ROOT_SIZE

_APART_S = 5
"""By more than that the computer's own clock is not wrong, if it is set by a network."""
_MANY_S = 1 << 22
_BY_HAND = ("command",)
"""Settings that the lock itself writes."""
_BROKER, _WIFI = ("host", "port", "security", "user"), ("ssid", "password", "bssid", "address")
_OFTEN = ("gateway", "often_s", "rarely_s")
"""Settings of the radio, as on_lock/radio.py tells them."""
_FIELDS = ("label", "kind", "digits", "check", "serials", "window", "step", "offset", "grace_before", "grace_after",
           "schedule", "valid_from", "valid_until", "uses", "permissions", "issuer", "second", "sha256")  # fmt: skip


def findings(record, seen, now, release, others=()):
    """Yield the Findings of a lock that was Seen on the cable at unix second `now`.

    release: folder of the firmware that this computer would deploy. others: Records of the owner's other locks. The
    record knows the lock's used codes and the head of its log afterwards. Raises dump.OtherLock.
    """
    _check_lock(record, seen, others)
    if not seen.closed:
        do = "let go of the maintenance key, cells out and in"
        yield Finding(False, "its console is still open: nobody gets in by the keypad", do)
    yield _firmware(seen, release)
    yield from _working(seen)
    if "setting" in seen.told:
        yield from _set(record, seen)
        yield finding.zone(record, _settings(seen)["zone"], now)
    if "clock" in seen.told:
        yield from _clock(record, seen, now)
    if "battery" in seen.told:
        yield finding.battery(record, seen.one("battery")[0])
    for length, after in seen.told.get("empty", ()):
        yield _empty(length, after)
    yield from _radio(record, seen)
    yield from _flash(record, seen, now)


def _settings(seen):
    return dict(seen.told["setting"])


def _check_lock(record, seen, others):
    if "setting" not in seen.told:
        return
    lock = _settings(seen)["lock"]
    if lock != record.lock_id.hex():
        whose = [other.label for other in others if other.lock_id.hex() == lock]
        named = f"it is {whose[0]}" if whose else "no record here is its"
        raise OtherLock(f"the lock on the cable is not {record.label}: {named} (lock {lock})")


def _firmware(seen, release):
    version = f"MicroPython {dotted(seen.one('micropython'))}" if "micropython" in seen.told else "MicroPython"
    told = f"firmware {seen.version or 'of no known version'} ({seen.release or 'no release'}) on {version}"
    if seen.release != release:
        return Finding(False, f"{told}, this computer has {release}", "`make deploy` brings this computer's")
    return Finding(True, told)


def _working(seen):
    if seen.broken:
        told = f"its own modules cannot be asked: {seen.broken}"
        yield Finding(False, told, "`make deploy`, then ask again; else `make flash`: keys and log stay")
    name, *place_of = seen.one("fault") or (None,)
    if name:
        yield finding.fault(name, f" number {place_of[0]}" if place_of and place_of[0] else "")


def _set(record, seen):
    """Settings and grants at the lock, against those of the record."""
    generation, worked = seen.one("set")
    unlike = [*_other_settings(record, seen), *_other_grants(record, seen)]
    if not unlike:
        yield Finding(True, f"settings and grants are the record's; set number {generation}")
    if worked > min(generation, 0xFFFF):
        yield finding.fault("outdated", f" ({worked} was there, now {generation})")
    yield from unlike


def _other_settings(record, seen):
    theirs, ours = _settings(seen), json.loads(record.issuer.settings)
    for name in ("salt", "mac"):
        ours[name] = known(bytes.fromhex(ours[name]))
    for name in sorted(theirs.keys() | ours.keys()):
        if name in _BY_HAND or name == "zone" or theirs.get(name) == ours.get(name):
            continue
        if name == "journal":
            yield Finding(False, "it was provisioned again since, with a new journal", advice.OTHER_SET)
        elif name in ("salt", "mac"):
            yield Finding(False, f"its {name} is not the record's: codes are taken for wrong", advice.OTHER_SET)
        elif name == "issuers":
            yield Finding(False, "its issuers are not the record's", advice.OTHER_SET)
        else:
            told = f"{name} is {theirs.get(name)} at the lock, {ours.get(name)} in the record"
            yield Finding(False, told, advice.OTHER_SET)


def _other_grants(record, seen):
    theirs = {Grants(packed).id(0): packed for packed in (_packed(text) for (text,) in seen.told.get("grant", ()))}
    table = record.issuer.packed
    ours = [table[at : at + GRANT_SIZE] for at in range(0, len(table), GRANT_SIZE)]
    ours = {Grants(packed).id(0): _packed(masked(packed)) for packed in ours}
    for grant_id in sorted(theirs.keys() | ours.keys()):
        if theirs.get(grant_id) != ours.get(grant_id):
            yield _other_grant(record, grant_id, theirs.get(grant_id), ours.get(grant_id))


def _packed(text):
    """The record of a masked grant, in which the first bytes of the key are what the key is known by; its label is
    text, whatever the lock has there."""
    head, tail = bytes.fromhex(text[:90]), bytes.fromhex(text[-6:])
    packed = head + bytes.fromhex(text[90:-6]).ljust(32, b"\0") + tail
    try:
        Grants(packed).label(0)
    except UnicodeError:
        packed = packed[:LABEL_AT] + b"?" * LABEL_SIZE + packed[LABEL_AT + LABEL_SIZE :]
    return packed


def _other_grant(record, grant_id, theirs, ours):
    if ours is None:
        label = Grants(theirs).label(0)
        do = "whoever put it there gives out its codes; 81# at the keypad revokes it"
        return Finding(False, f"the lock has grant {grant_id} ({label}), which the record has not", do)
    label = Grants(ours).label(0)
    if theirs is None:
        return Finding(False, f"the lock has no grant {grant_id} ({label}): its codes are wrong", advice.OTHER_SET)
    there, here = Grants(theirs), Grants(ours)
    if there.key(0) != here.key(0):
        do = "give out none of its codes from here; " + advice.OTHER_SET
        return Finding(False, f"codes of {label} are made with another key than the record's", do)
    if there.revoked(0) != here.revoked(0):
        do = f"`dropbolt revoke {record.label} {label}`, or no record would tell" if there.revoked(0) else (
            "it still opens: 81# at its keypad, or through its gateway"
        )  # fmt: skip
        return Finding(False, f"{label} is revoked at the {'lock' if there.revoked(0) else 'record alone'}", do)
    unlike = [name for name in _FIELDS if getattr(there, name)(0) != getattr(here, name)(0)]
    return Finding(False, f"{label}: {', '.join(unlike) or 'max_u'} other than in the record", advice.OTHER_SET)


def _clock(record, seen, now):
    quality, wrong, more = seen.one("clock")
    if seen.second is None:
        yield Finding(False, f"clock: {more}", finding.MEND[LOST])
        return
    if not more:
        yield Finding(False, "the clock stood still since it was set: the coin cell", finding.MEND[LOST])
    lock, computer = seen.second
    off = lock - computer
    do = finding.MEND.get(quality, f"which is right? if the lock's is not, {finding.SET}")
    yield from finding.clock(record, quality, wrong, off, "this computer's", now, do, _APART_S)
    if "celsius" in seen.told:
        yield Finding(True, f"{seen.one('celsius')[0]:.0f} degrees Celsius inside")


def _empty(length, after):
    most = f"the next in {-(-after // 3600)} h of power" if after < _MANY_S else "for weeks"
    do = "wait; or for somebody who stands there: owner's code, then 7#"
    return Finding(False, f"no guess is left for entries of {length} digits: `budget`, {most}", do)


def _radio(record, seen):
    word, *setting = seen.one("radio", ("",))
    if word == "blank" or "radio" not in seen.told:
        yield Finding(record.radio is None, "no radio", advice.OTHER_SET if record.radio else "")
        return
    if word:
        at = f", setting {setting[0]}" if setting and setting[0] else ""
        yield Finding(False, f"the radio's settings cannot be used ({word}{at})", advice.RADIO[UNUSABLE])
        return
    values = [*seen.one("broker"), *seen.one("Wi-Fi"), *seen.one("check in")]
    theirs = dict(zip(_BROKER + _WIFI + _OFTEN, values, strict=True))
    told = "radio: Wi-Fi {ssid}, broker {host}:{port} by {security}, gateway is issuer {gateway}, ".format(**theirs)
    told += "every {often_s} to {rarely_s} s".format(**theirs) if theirs["rarely_s"] else "on calls only"
    insecure = theirs["security"] == "insecure"
    yield Finding(not insecure, told, advice.RADIO[UNSAFE] if insecure else "")
    yield from _other_radio(record, theirs)
    yield from _roots(record, seen, theirs["gateway"])


def _other_radio(record, theirs):
    """Settings of the radio that are not the record's; of secrets, whether there is one."""
    if record.radio is None:
        return
    ours = record.radio["settings"]
    for name, value in theirs.items():
        mine = ours[name]
        if isinstance(value, bool):
            value, mine = (("not set", "set")[bool(each)] for each in (value, mine))
        if mine != value:
            yield Finding(False, f"radio: {name} is {value} at the lock, {mine} in the record", advice.OTHER_SET)


def _roots(record, seen, gateway):
    """Issuers whose root keys are not the record's; later epochs are the gateway's own."""
    roots = seen.told.get("root", [])
    if not any(number == gateway for number, _, _ in roots):
        yield Finding(False, f"issuer {gateway}, who answers its hellos, has no key there", advice.OTHER_SET)
    for number, epoch, told in roots:
        name = f"root {number}"
        if epoch == 1 and (name not in record.secrets or known(record.secret(name, ROOT_SIZE)) != told):
            yield Finding(False, f"the root key of issuer {number} is not the record's", advice.OTHER_SET)


def _flash(record, seen, now):
    if len(seen.dump) != SIZE:
        return
    try:
        happened = yield from dump.memory(record, seen.dump, now)
    except BadLog as error:
        yield Finding(False, f"the log is not as the lock wrote it: {error}", "keep a dump, and see docs/log.md")
    except (DumpError, OtherLock) as error:
        yield Finding(False, f"log: {error}", "see Faults in docs/field-guide.md")
    else:
        yield Finding(True, f"log whole, as the lock wrote it; {len(happened)} events")
        yield from finding.past(record, happened, now)
