"""How boots begin that are alike: which requests they make until the world's replies differ, and a VM that waits there.

A VM's state follows from the replies that it was given. So a boot whose first replies are those of an earlier one need
not run the imports again that lie between them: it goes on as a copy of a VM that had them. The world is asked all the
same, since it has to do what it was asked; where it says something else, the boot begins anew and is told what the
world has said.

Of a reply, only `next` may differ, as long as it lies ahead: then the chip has not looked at it.
"""

import struct
from collections import Counter, namedtuple

from host_sim.chip import protocol

HELLO = struct.pack(protocol.REQUEST, protocol.HELLO, 0, 0, 0, 0, 0, 0)
"""The request with which every boot begins."""
# mostly answered alike
_STEADY = (protocol.HELLO, protocol.SYNC, protocol.WAIT, protocol.WATCHDOG, protocol.PARTITIONS)
_UNFIT = (protocol.LIGHT_SLEEP, protocol.DEEP_SLEEP, protocol.RESET, protocol.PROMPT)
_REQUEST = struct.Struct(protocol.REQUEST)
_NEXT = slice(8, 16)  # of a reply
_SEEN_BEFORE = 2  # boots that begin so, before a copy is made
_MOST = 6

Beginning = namedtuple("Beginning", "told request copy")
"""told: the (request, reply)s, a reply as (head, payload). request: what the `copy` waits for."""


class Beginnings:
    """The Beginnings of what is booted in this process; the longest unused gives way."""

    def __init__(self):
        self._kept = {}
        self._met = Counter()

    def find(self, command, told, serve):
        """The Beginning of a boot by `command` that has been `told` the reply to HELLO, None: it has to begin anew.

        Asks the world, by serve(request), what lies in it, and adds that to `told`.
        """
        kind = _kind(command, told)
        found = self._kept.pop(kind, None)
        if not found or not found.copy.usable:
            return None
        self._kept[kind] = found
        for (_, was), (request, _) in zip(found.told, [*found.told[1:], (found.request, None)], strict=True):
            reply = told[-1][1]
            if _gist(reply) != _gist(was) or not _ahead(reply, request):
                return None
            if request is not found.request:
                told.append((request, serve(request)))
        return found

    def learn(self, command, told, request, vm):
        """A boot that was begun anew asks `request` after what it was `told`; True: there is nothing more to learn."""
        operation, *_, dozed, read, measured, _ = _REQUEST.unpack_from(request)
        by_itself = dozed or read or measured
        if operation in _STEADY and not by_itself and _ahead(told[-1][1], request):
            return False
        kind = _kind(command, told)
        self._met[kind] += 1
        asked = [*(request for request, _ in told[1:]), request]
        alike = all(_ahead(reply, request) for (_, reply), request in zip(told, asked, strict=True))
        fit = alike and operation not in _UNFIT and not by_itself
        if fit and self._met[kind] > _SEEN_BEFORE and kind not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept))).copy.close()
            self._kept[kind] = Beginning(list(told), request, vm.copy())
        return True


def _kind(command, told):
    return command, _gist(told[0][1])


def _gist(reply):
    head, payload = reply
    return bytes(head[: _NEXT.start]), bytes(head[_NEXT.stop :]), bytes(payload)


def _ahead(reply, request):
    """Whether `request` was made, and lets no time pass by itself, before anything could happen by that `reply`."""
    operation, instant = _REQUEST.unpack_from(request)[:2]
    if operation == protocol.WAIT:
        instant = int.from_bytes(request[_REQUEST.size :][:8], "little")
    return int.from_bytes(reply[0][_NEXT], "little") > instant


beginnings = Beginnings()
