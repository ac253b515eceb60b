"""What the log has to tell: as the lock keeps it, as its chain proves it, and as the gateway got it."""

from firmware.store.audit import Audit
from host_sim.devices import FlashImage
from tools.log import partition
from tools.log.export import export
from tools.log.verify import verify

_CHECK_INS = 60  # within which the gateway has all there is
_DAY_S = 26 * 3600
_REST_MC, _VISIT_MC = 5000, 800
"""Most charge, in mC, that a day takes in which nothing happens, and an entry or a check-in: twice what it is."""
_CHECK_INS_A_DAY = 120
"""Most that there are without a call: every 15 minutes while a code is expected, and what is worth telling."""


def audit(house):
    """The gateway has had the whole log: it tells what was heard at the door, and is what stands in flash.

    Raises AssertionError, or BadLog for a chain that does not hold.
    """
    lock, books, gateway = house.lock, house.books, house.gateway
    for _ in range(_CHECK_INS):
        gateway.complete = False
        assert lock.run_until(lambda: gateway.complete and not lock.awake, _DAY_S), "no check-in within a day"
        if gateway.told == gateway.head:
            break
    else:
        raise AssertionError(f"the gateway has {gateway.told} events of {gateway.head}")
    books.check_log()
    _compare(lock, gateway)
    _weigh(house)
    house.tell(f"the log tells of {books.entries_told} entries in {gateway.told} events")
    books.said.clear()
    books.told.clear()
    books.unsure = 0


def _weigh(house):
    """The batteries have given what the visits and check-ins since the last audit take, and not much more."""
    now = house.lock.now / 86_400, house.lock.world.meter.mc(), house.entries, house.check_ins
    days, spent, entries, check_ins = (after - before for after, before in zip(now, house.weighed, strict=True))
    house.weighed = now
    most = _REST_MC * days + _VISIT_MC * (entries + check_ins)
    assert spent <= most, f"{spent:.0f} mC in {days:.1f} days for {entries} entries and {check_ins} check-ins"
    assert check_ins <= _CHECK_INS_A_DAY * days + entries, f"{check_ins} check-ins in {days:.1f} days"


def _compare(lock, gateway):
    image = lock.flash
    text, _, _ = export(partition.sectors(image))
    sound = verify(text, lock.log_key)
    assert sound.head.sequence >= gateway.told, f"the log ends at {sound.head.sequence}"
    kept = [event for event in Audit(FlashImage(image), None).events() if event.sequence in gateway.events]
    assert kept, "nothing of what the gateway has stands in the log"
    for event in kept:
        assert event.body == gateway.events[event.sequence], f"event {event.sequence} is not the one that was sent"
