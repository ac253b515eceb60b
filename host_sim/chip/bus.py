"""The chip's end of the bus to the simulated world (protocol.py has the bytes).

The world owns time and everything that is wired to the chip. To be asked seldom, the chip keeps a copy of what the last
reply said: the instant, when the next thing will happen, the levels of the inputs and the contacts of the key matrix.
Nothing of that can change before `next`, so that a scan of the matrix, a look at the ticks or a short sleep needs no
request. The bytes in the flash are shared memory: only a read that may go wrong, as the world then says, is a request.
Reading a clock takes READ_US, so that a loop that waits for a time ends.
"""

import struct

import protocol
from keymatrix import columns
from micropython import const

READ_US = const(3)
_TELL_US = const(20000)
_MOST_TAIL = const(60)  # bytes
_CONTACTS = const(0xFFF)  # in `matrix`

Stream = object
"""What an object inherits from so that `tls` takes it for a socket; the VM's entry puts `io.IOBase` here."""


class Chip:
    """What every module of the chip shares during one boot.

    `exchange(request)` returns the first protocol.REPLY_SIZE bytes of the reply, `rest(size)` the payload after them; a
    world in the same process puts a `call` of its own in the place of the one that uses them.
    `cells`: the partition's bytes as they are at any time, None: they are not shared with this chip.
    """

    BEGUN_ANEW = True

    def begin(self, cells):
        """A boot begins."""
        self.cells = cells
        self.flags = 0  # of the last reply
        self.now = self.next = self.fed = 0
        self.levels = self.contacts = 0
        self.matrix = 0  # the key matrix: contacts, from bit 12 on rows driven high, from bit 16 on rows driven at all
        self.lit = -1  # what `light` returns, -1: not known
        self.floating = 0  # pads of columns without a pull-down: a mask
        self.tail = b""
        self.alone = 0  # bit of `matrix` that drives the row of the only closed contact; 0: there is none, -1: several
        self.pad = 0  # of the column of that contact: a mask
        self.columns = (0, 0, 0)
        self.dozed = 0  # microseconds of light sleep since the last request
        self.unasked = 0  # bytes of flash read without a request since the last one
        self.readings = ()  # of the ADC, that follow if no request comes first
        self.taken = 0  # how many of them were taken
        self._measured = -1  # pad of which they are
        self._ahead = None  # microseconds by which the chip's calendar is ahead of `now`; None: not known
        self.partitions = None  # as the world tells them, once asked
        hello = struct.unpack(protocol.HELLO_REPLY, self.call(protocol.HELLO))
        self.held_high, self.held_low, self._urgent, self.reset_cause, self.wake_reason = hello[:5]
        self.rows = hello[5:9]
        self.columns = hello[9:12]
        self.floating = sum([1 << pad for pad in self.columns])
        self.close(self.contacts)
        self.mac = hello[12]
        high = self._rows_in(self.held_high)
        self.matrix |= (high | self._rows_in(self.held_low)) << 16 | high << 12
        self.armed = (0, -1, 0, 0)  # wake sources: ext1 mask, ext0 pin, ext0 level, ext1 level
        self.rtc = 0  # pads that the RTC has kept since a light sleep that they could have ended: mask
        self.radio = False  # Wi-Fi is on
        self.wifi = None  # fields of WIFI_STATE as they have been since the last reply, None: not known
        self.sounding = set()  # GPIOs whose PWM runs
        self._outputs = {}

    def call(self, operation, payload=b""):
        """Ask the world; returns the reply's payload, raises OSError with the world's error number."""
        tail = self.tail
        head = self.exchange(
            struct.pack(
                protocol.REQUEST, operation, self.now, self.fed, self.dozed, self.unasked, self.taken, len(tail)
            )
            + payload
            + tail
        )
        self.tail = b""
        self.readings = ()
        self.wifi = None
        self.dozed = self.unasked = self.taken = 0
        self.now, self.next, self.levels, contacts, error, size, self.flags = struct.unpack(protocol.REPLY, head)
        if contacts != self.contacts:
            self.close(contacts)
        if error:
            raise OSError(error, "refused")  # with two arguments CPython, too, has it as errno
        return self.rest(size) if size else b""

    def clock(self):
        """The instant in microseconds; looking takes READ_US."""
        self.now += READ_US
        if self.now >= self.next:
            self.call(protocol.SYNC)
        return self.now

    def wait(self, us):
        """Let `us` microseconds pass awake."""
        end = self.now + us
        if end >= self.next:
            self.call(protocol.WAIT, struct.pack("<Q", end))
        else:
            self.now = end

    def measure(self, pad):
        """Microvolts at `pad`; the world tells several readings at once, for who takes the median."""
        known = self.taken < len(self.readings) and pad == self._measured
        if known and self.now + protocol.ADC_US < self.next:
            self.now += protocol.ADC_US
            self.taken += 1
            return self.readings[self.taken - 1]
        self._measured = pad
        first, *self.readings = struct.unpack("<5I", self.call(protocol.ADC, bytes([pad])))
        return first

    def calendar(self):
        """Microseconds since 2000 by the chip's own clock, which awake runs as time does."""
        if self._ahead is None:
            self._ahead = struct.unpack("<Q", self.call(protocol.RTC_GET))[0] - self.now
        return self.now + self._ahead

    def set_calendar(self, us):
        """Set that clock."""
        self._ahead = None
        self.call(protocol.RTC_SET, struct.pack("<Q", us))

    def row(self, row, state):
        """Output `state` (LOW, HIGH, FLOATING) on a row of the key matrix, given as a mask."""
        self.matrix &= ~(row << 16 | row << 12)
        if state != protocol.FLOATING:
            self.matrix |= row << 16 | (row << 12 if state == protocol.HIGH else 0)
        self.lit = -1

    def close(self, contacts):
        """From now on these contacts of the key matrix are closed."""
        self.matrix = self.matrix & ~_CONTACTS | contacts
        self.contacts = contacts
        self.lit = -1
        index = 0
        while contacts >> index > 1:
            index += 1
        self.alone = 0x1000 << index // 3 if contacts == 1 << index else -1 if contacts else 0
        self.pad = 1 << self.columns[index % 3]

    def light(self):
        """Pads of the columns that read high: a mask. Kept in `lit` until something of the matrix changes.

        One that the RTC has reads low; one without its pull-down catches noise and reads high.
        """
        alone = self.alone
        joined = self._joined() if alone < 0 else self.pad if self.matrix & alone else 0
        lit = self.lit = (joined | self.floating) & ~self.rtc
        return lit

    def _joined(self):
        """Pads of columns that a high row makes high: a mask."""
        joined, found = columns(self.matrix >> 12 & 15, self.matrix >> 16, self.contacts), 0
        for index, pad in enumerate(self.columns):
            found |= (joined >> index & 1) << pad
        return found

    def pull(self, column, down):
        """Set or take away the pull-down of a column, given as the mask of its pad."""
        self.floating = self.floating & ~column if down else self.floating | column
        self.lit = -1

    def drive(self, pad, state):
        """Output `state` (LOW, HIGH, FLOATING) on any other pad."""
        if self._outputs.get(pad, protocol.FLOATING) == state:
            return
        self._outputs[pad] = state
        self.tell(pad, 0, 65535 if state == protocol.HIGH else 0)
        if self._urgent >> pad & 1:
            self.next = self.now  # before any time passes the world is to know

    def tell(self, pad, hz, duty):
        """Let the world know with the next request what a pad does; within _TELL_US, if somebody waits for it."""
        if not self.tail and self.flags & protocol.WATCHED or len(self.tail) >= _MOST_TAIL:
            self.next = min(self.next, self.now + _TELL_US)
        self.tail += struct.pack(protocol.ITEM, self.now, pad, hz, duty)

    def hold(self, bit, level):
        """Note that the pad of mask `bit` keeps `level` through a reset."""
        if level:
            self.held_high |= bit
        else:
            self.held_low |= bit

    def release(self, bit):
        """Note that the pad of mask `bit` follows its output again."""
        self.held_high &= ~bit
        self.held_low &= ~bit

    def wakes(self):
        """True when an armed pad has its level already, so that a sleep ends at once."""
        joined = self._joined() if self.contacts else 0
        return protocol.wake_source(self.levels | joined, *self.armed) != 0

    def sleep_request(self, until):
        """Payload for a sleep that a timer ends at `until` (0: none)."""
        return struct.pack(protocol.SLEEP, until, *self.armed, self.matrix >> 12 & 15, self.matrix >> 16)

    def _rows_in(self, pads):
        mask = 0
        for index, row in enumerate(self.rows):
            mask |= (pads >> row & 1) << index
        return mask


chip = Chip()


def connect(exchange, rest, cells=None):
    """Join this boot to a world in another process."""
    chip.exchange = exchange
    chip.rest = rest
    chip.begin(cells)
