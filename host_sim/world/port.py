"""The world's end of the bus for one boot: answers requests and keeps time (bytes: host_sim/chip/protocol.py).

Invariant: while the chip computes, no event of the world is due. A request first brings the world to the chip's
instant; when that lies at the harness's horizon, the boot is paused there.
"""

import struct

from host_sim import wiring
from host_sim.chip import protocol
from host_sim.runtime.run import ChipStopped, pause
from host_sim.world.flash import PowerCut
from host_sim.world.port_flash import FLASH_OPERATIONS
from host_sim.world.port_net import NET_OPERATIONS

_REQUEST = struct.Struct(protocol.REQUEST)
_REPLY = struct.Struct(protocol.REPLY)
_ITEM = struct.Struct(protocol.ITEM)
_SLEEP = struct.Struct(protocol.SLEEP)
_NEVER = 1 << 61
_NOTHING = 0, 0, 0
# Operations that change nothing by themselves that anybody could see
_UNSEEN = frozenset(
    (protocol.SYNC, protocol.WAIT, protocol.LIGHT_SLEEP, protocol.ADC, protocol.I2C_READ, protocol.RTC_GET)
    + (protocol.RTC_MEMORY_GET, protocol.PARTITIONS, protocol.FLASH_READ, protocol.NVS_GET_BLOB, protocol.NVS_GET_I32)
)
_I2C_BYTE_US = 90  # nine bits at 100 kHz


class WorldFault(BaseException):
    """The simulator itself failed in a request; its cause says how. Firmware that hides it does so for itself alone."""


class Port:
    """Serves one boot of `chip` in `world`."""

    def __init__(self, world, chip):
        self.world = world
        self._chip = chip
        self.began = chip.began_us  # the chip's instants count from there
        self.timeline = world.timeline
        self.is_open = True
        self.fault = None
        """What the simulator itself, or a server in the test, has raised in a request: this boot is over."""
        self._fed = 0
        self._timeout_us = 0
        self._watchdog = None
        self._sounding = {}

    def close(self):
        """This boot is over: every request from now on raises ChipStopped."""
        self.is_open = False
        self.timeline.cancel(self._watchdog)

    def serve(self, request):
        """Answer one request: (reply without payload, payload). Raises ChipStopped when the boot is over by then."""
        operation, now, fed, dozed, read, measured, tail = _REQUEST.unpack_from(request)
        end = len(request) - tail
        spent, tail = (dozed, read, measured), request[end:]
        error, payload = self.answer(operation, now, fed, spent, tail, request[_REQUEST.size : end])
        now, following, levels, contacts, flags = self.present()
        return _REPLY.pack(now, max(0, following), levels, contacts, error, len(payload), flags), payload

    def present(self):
        """(the chip's instant, the one before which nothing happens that it could see, levels, contacts, flags), as in
        a reply."""
        world, timeline, began = self.world, self.timeline, self.began
        due, horizon, flash = timeline.next_us, world.horizon_us, world.flash
        flags = protocol.LEGIBLE if flash is not None and flash.legible else 0
        if world.watched:
            flags |= protocol.WATCHED
        following = (due if due < horizon else horizon) - began
        return timeline.now_us - began, following, world.inputs, world.keys.contacts, flags

    def answer(self, operation, now, fed, spent, tail, payload):
        """Do what a request with these parts says: (error number, payload of the reply). Raises as `serve` does.

        spent: what the chip did without asking, as `_note` takes it.
        """
        now, fed = self.began + now, self.began + fed
        if tail:
            self._look(tail)
        if fed > self._fed:
            self._fed = fed
        if now > self.timeline.now_us or now >= self.world.horizon_us or not self.is_open:
            self.wait_until(now)
        if spent != _NOTHING:
            self._note(*spent)
        if operation not in _UNSEEN:
            self.world.stir()
        error, reply = 0, b""
        try:
            reply = _OPERATIONS[operation](self, payload) or b""
        except PowerCut:
            self.is_open = False
        except OSError as refused:
            error = refused.args[0]
        except Exception as fault:
            self.fault = WorldFault(f"operation {operation}")
            self.fault.__cause__ = fault
        except ChipStopped:
            raise
        except BaseException as fault:
            self.fault = fault
        if self.fault:
            self.is_open = False
            raise self.fault
        if not self.is_open:
            raise ChipStopped
        return error, reply

    def spend(self, us):
        """Let `us` microseconds pass in the midst of an operation."""
        self.wait_until(self.timeline.now_us + us)

    def wait_until(self, instant, wanted=None):
        """Let time pass to `instant`, or to the first moment at which `wanted()` is true; returns what that was."""
        timeline = self.timeline
        quiet = instant < timeline.next_us and instant < self.world.horizon_us
        if quiet and wanted is None and self.is_open:  # nothing happens meanwhile, as it is most often
            if instant > timeline.now_us:
                timeline.now_us = instant
            return None
        while self.is_open:
            found = wanted() if wanted else None
            if found:
                return found
            horizon, due = self.world.horizon_us, timeline.next_us
            limit = instant if instant < horizon else horizon
            if due <= limit:
                if wanted or self.world.watched:
                    timeline.advance_to(max(due, timeline.now_us))
                    self.world.stir()
                else:
                    timeline.advance_to(max(limit, timeline.now_us), self)
                continue
            if limit > timeline.now_us:
                timeline.now_us = limit
            if instant < horizon:
                return None
            pause()
        raise ChipStopped

    # Chip and time

    def _hello(self, _):
        chip = self._chip
        return struct.pack(
            protocol.HELLO_REPLY,
            chip.held_high,
            chip.held_low,
            wiring.URGENT_PADS,
            chip.reset_cause,
            chip.wake_reason,
            *wiring.ROWS,
            *wiring.COLUMNS,
            wiring.MAC,
        )

    def _sync(self, _):
        """Nothing more to do."""

    def _wait(self, payload):
        self.wait_until(self.began + struct.unpack("<Q", payload)[0])

    def _light_sleep(self, payload):
        until, *armed, rows_high, rows_driven = _SLEEP.unpack(payload)
        world, began = self.world, self.timeline.now_us
        world.meter.enter("chip", "dozing")
        self.timeline.cancel(self._watchdog)
        for pad in self._sounding:
            world.pwm(pad, 0)

        def source():
            return protocol.wake_source(world.inputs | world.column_levels(rows_high, rows_driven), *armed)

        reason = self.wait_until(self.began + until if until else _NEVER, source) or protocol.TIMER
        for pad, hz in self._sounding.items():
            world.pwm(pad, hz)
        self._fed += self.timeline.now_us - began
        self._watch()
        world.meter.enter("chip", "awake")
        world.radio.doze()
        return bytes([reason])

    def _deep_sleep(self, payload):
        until, *armed = _SLEEP.unpack_from(payload)
        until = self.began + until if until else 0
        self._chip.deep_sleep(until, armed[:4], *struct.unpack_from("<QQ", payload, _SLEEP.size))

    def _reset(self, payload):
        self._chip.reset(payload[0])

    def _reset_later(self, payload):
        self._chip.reset_later(struct.unpack("<I", payload)[0] * 1000)

    def _prompt(self, payload):
        self._chip.prompt(payload.decode())

    def _set_watchdog(self, payload):
        self._timeout_us = struct.unpack("<I", payload)[0] * 1000
        self._watch()

    def _watch(self):
        self.timeline.cancel(self._watchdog)
        if self._timeout_us:
            self._watchdog = self.timeline.at(self._fed + self._timeout_us, self._bark)

    def _bark(self):
        if self._fed + self._timeout_us > self.timeline.now_us:
            self._watch()
        else:
            self.world.note("chip", "watchdog resets")
            self._chip.reset(protocol.WATCHDOG_RESET)

    # Pads, buses, clock

    def _note(self, dozed, read, measured):
        """What the chip has done by itself since the last request."""
        if dozed:
            self.world.meter.spent("chip", "dozing", dozed)
        if read:
            self.world.flash.bytes_read += read
        if measured:
            self.world.battery.measured(measured)

    def _look(self, tail):
        """What the chip has done with its outputs since the last request."""
        for instant, pad, hz, duty in _ITEM.iter_unpack(tail):
            self.wait_until(self.began + instant)
            if not hz:
                if pad in wiring.MOTOR:
                    self.world.stir()
                self.world.output(pad, duty > 0)
                continue
            self._sounding[pad] = hz if duty else 0
            self.world.pwm(pad, self._sounding[pad])

    def _adc(self, payload):
        self.spend(protocol.ADC_US)
        if payload[0] != wiring.BATTERY:
            return bytes(4 * protocol.READINGS)
        battery = self.world.battery
        return struct.pack("<5I", battery.adc_uv(), *battery.next_uv(protocol.READINGS - 1))

    def _i2c_device(self, address):
        if address != wiring.DS3231_ADDRESS:
            raise OSError(19)  # ENODEV
        return self.world.clock

    def _i2c_read(self, payload):
        address, register, count = struct.unpack("<BBH", payload)
        data = self._i2c_device(address).read(register, count)
        self.spend((count + 3) * _I2C_BYTE_US)
        return data

    def _i2c_write(self, payload):
        self.spend(len(payload) * _I2C_BYTE_US)
        self._i2c_device(payload[0]).write(payload[1], payload[2:])

    def _i2c_scan(self, _):
        return bytes([wiring.DS3231_ADDRESS] if self.world.clock.connected else [])

    def _rtc_get(self, _):
        return struct.pack("<Q", self.world.rtc.us)

    def _rtc_set(self, payload):
        self.world.rtc.us = struct.unpack("<Q", payload)[0]

    def _rtc_memory_get(self, _):
        return self.world.rtc.memory

    def _rtc_memory_set(self, payload):
        self.world.rtc.store(payload)


_OPERATIONS = {
    protocol.HELLO: Port._hello,
    protocol.SYNC: Port._sync,
    protocol.WAIT: Port._wait,
    protocol.LIGHT_SLEEP: Port._light_sleep,
    protocol.DEEP_SLEEP: Port._deep_sleep,
    protocol.RESET: Port._reset,
    protocol.PROMPT: Port._prompt,
    protocol.RESET_LATER: Port._reset_later,
    protocol.WATCHDOG: Port._set_watchdog,
    protocol.ADC: Port._adc,
    protocol.I2C_READ: Port._i2c_read,
    protocol.I2C_WRITE: Port._i2c_write,
    protocol.I2C_SCAN: Port._i2c_scan,
    protocol.RTC_GET: Port._rtc_get,
    protocol.RTC_SET: Port._rtc_set,
    protocol.RTC_MEMORY_GET: Port._rtc_memory_get,
    protocol.RTC_MEMORY_SET: Port._rtc_memory_set,
    **FLASH_OPERATIONS,
    **NET_OPERATIONS,
}
