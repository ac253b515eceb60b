"""What a lock's flash tells its owner: that the log is whole, which codes were used, what is wrong with the lock."""

from firmware.core.records import StateError
from firmware.core.state import State
from firmware.core.words import LOST, QUALITIES, STALE
from firmware.store import StorageError
from firmware.store.audit import Event
from firmware.store.chain import Sealed
from firmware.store.ring import Ring
from host_sim.devices import FlashImage
from tools.log import partition
from tools.log.export import export
from tools.log.files import read
from tools.log.lines import NO_HEAD, LineError, read_event, read_head, read_whole
from tools.log.partition import JOURNAL, LOG, in_order
from tools.log.verify import verify
from tools.owner import finding, place
from tools.owner.finding import Finding

_ENDURANCE = 100_000
"""Erases of a sector (W25Q64)."""
_LIMIT = 8 << 20
_NEITHER = (
    "{path} is neither a dump of the lock's log, which has {size:,} bytes, nor a log that `tools log export` or the "
    "gateway wrote ({why}): name one of those"
)
_JOURNAL = (0, 16, 1)  # first sector, sectors, ring id


class OtherLock(ValueError):
    """The flash is not that of the record's lock; the text says so."""


def check(record, sectors):
    """Verify the log in the Sectors of a dump against the record's key and the head that it knows; returns the Sound.

    Raises OtherLock, DumpError (no log) and BadLog (not as the lock wrote it).
    """
    text, whole, _ = export(sectors)
    if whole.journal_id != record.issuer.journal_id:
        raise OtherLock(f"this is not the flash of {record.label}: take that lock's record, or its dump")
    return verify(text, record.issuer.audit_key, known_head(record))


def known_head(record):
    """The Head of the log as last verified, None for none."""
    return None if record.head in (None, NO_HEAD) else read_head(record.head)


def learn(record, dump, sound, now):
    """Have the record know the head of a log that was checked, and which codes the lock has used, as the lock would
    read its journal in the bytes of a dump. Returns why that cannot be believed, a word of firmware/store; else "".
    """
    record.head = str(sound.head)
    issuer, state = record.issuer, State(record.table)
    ring = Ring(FlashImage(dump), *_JOURNAL, Sealed(issuer.mac), state.snapshot)
    try:
        ring.mount(issuer.journal_id, lambda body, mac: state.apply(body))
    except (StorageError, StateError) as error:
        return str(error)
    record.seen = [bytes(body).hex() for body in state.snapshot()]
    record.seen_at = now
    return ""


def take_log(record, path, now):
    """(Events, Sound, as `learn`) of the dump or the exported log at `path`, which the record knows from then on.

    Raises as `check`, LineError for what is neither, OSError.
    """
    content = read(path, _LIMIT)
    if len(content) == partition.SIZE:
        sectors = partition.sectors(content)
        sound = check(record, sectors)
        return events(sectors), sound, learn(record, content, sound, now)
    text = content.decode(errors="replace")
    first, *lines = text.splitlines() or [""]
    try:
        whole = read_whole(first)
    except LineError as error:
        raise LineError(_NEITHER.format(path=path, size=partition.SIZE, why=error)) from error
    if whole.journal_id not in (record.issuer.journal_id, record.lock_id):  # the gateway's has the lock's
        raise OtherLock(f"{path} is not the log of {record.label}: take that lock's record, or its log")
    sound = verify(text, record.issuer.audit_key, known_head(record))
    record.head = str(sound.head)
    return [read_event(line) for line in lines], sound, ""


def events(sectors):
    """The Events of a dump, oldest first."""
    return [Event(record.body, record.mac, sector.sequence) for sector in in_order(sectors, LOG) for record in
            sector.bodies]  # fmt: skip


def findings(record, dump, now):
    """Yield the Findings of the bytes of a dump at unix second `now`: journal, clock, then as `of_log`.

    Raises as `check`.
    """
    happened = yield from memory(record, dump, now)
    yield from _clock(record, happened, now)
    yield from finding.of_log(record, happened, now)


def memory(record, dump, now):
    """Yield what is wrong with the journal in the bytes of a dump, and how worn the flash is; returns its Events.

    Raises as `check`. The record knows from then on which codes were used, as of unix second `now`.
    """
    sectors = partition.sectors(dump)
    wrong = learn(record, dump, check(record, sectors), now)
    if wrong:
        do = "the lock stays closed: Faults in docs/field-guide.md; a dump cut short? read the flash again"
        yield Finding(False, f"its memory of used codes cannot be believed: {wrong}", do)
    yield _wear(sectors)
    return events(sectors)


def _wear(sectors):
    """How often the flash was erased, at least, and which bits of it have flipped."""
    rings = [[each for each in sectors if each.ring == ring] for ring in (JOURNAL, LOG)]
    erases = max(max(each.sequence for each in ring) // len(ring) for ring in rings)
    flipped = sum(sector.flipped for sector in sectors)
    told = f"flash: some {erases + 1:,} of {_ENDURANCE:,} erases used up; {flipped} flipped bits"
    if flipped or erases > _ENDURANCE // 2:
        return Finding(False, told, "each was put right; should there be more, or faults: a new chip, new keys")
    return Finding(True, told)


def _clock(record, happened, now):
    """The clock as the log and the journal knew it last."""
    newest = next((event for event in reversed(happened) if event.quality), None)
    if newest and newest.quality in (STALE, LOST):
        yield Finding(False, f"clock {QUALITIES[newest.quality]}", finding.MEND[newest.quality])
    t, doubt_ms = record.state().sync
    if not t:
        yield Finding(False, "the clock was never set", finding.SET)
        return
    wrong = doubt_ms / 1000 + 1 + max(0, now - t) * finding.PPM / 1e6
    yield Finding(True, f"clock set {place.moment(record.zone, t)}: by now it may be wrong by {wrong:.0f} s")
    yield from finding.doubted(record, wrong, now)
