"""What a lock's past looks like: the audit log as its flash has it, and everything that happened around it."""

from collections import namedtuple

from firmware.core.words import DECISIONS, QUALITIES
from firmware.store.audit import KINDS, Audit
from host_sim.devices import FlashImage
from host_sim.records import describe

Happening = namedtuple("Happening", "t kind text")
"""Something that happened: unix time, kind and words. Kinds: key, answer, bolt, door, flash, chip, power, radio."""

_PLAIN = ("t", "sequence", "length", "count", "attempt", "mv", "detail")


class History:
    """Reads the past of `world`; `issuer` knows the labels in its log, None where nothing was provisioned."""

    def __init__(self, world, issuer):
        self._world = world
        self._journal_id = issuer.journal_id if issuer else None
        self._labels = issuer.labels if issuer else {}
        self._issuers = issuer.issuers if issuer else {}
        self._trace = []
        self._seen = 0
        self._events = []
        self._image = None

    def log(self):
        """The audit log, oldest first: a new list of a dictionary for each event."""
        if self._world.flash is None:
            return []
        image = self._world.flash.snapshot()
        if image != self._image:
            self._image = image
            self._events = [self._event(event) for event in Audit(FlashImage(image), self._journal_id).events()]
        return list(self._events)

    def trace(self):
        """Everything noted so far as Happenings, oldest first; the same list each time, which grows."""
        happenings = self._world.happenings
        for us, kind, what in happenings[self._seen :]:
            text = describe(*what, self._labels) if kind == "flash" else what
            self._trace.append(Happening(self._world.start + us / 1_000_000, kind, text))
        self._seen = len(happenings)
        return self._trace

    def _event(self, event):
        fields = {name: getattr(event, name) for name in _PLAIN}
        return {
            **fields,
            "kind": KINDS[event.kind],
            "decision": DECISIONS[event.decision],
            "quality": QUALITIES[event.quality],
            "grant": self._labels.get(event.grant),
            "issuer": self._issuers.get(event.issuer),
        }
