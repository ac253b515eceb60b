"""MicroPython's `network` on the ESP32, as far as a station goes (`network_wlan.c`, `modnetwork_globals.h`).

Interfaces stay as they are until a reset: `WLAN(STA_IF)` is always the same. The key of a network is never told back.
"""

import struct

import protocol
from bus import chip

STA_IF = 0
AP_IF = 1

STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204

_NO_BSSID = bytes(6)


class WLAN:
    """The station. Associating goes on by itself, and again after a loss, until `disconnect` or `active(False)`."""

    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("invalid WLAN interface identifier")

    def active(self, on=None):
        """Whether the radio is on; with `on`, turn it on or off first."""
        if on is not None:
            chip.call(protocol.WIFI_ACTIVE, bytes([1 if on else 0]))
            chip.radio = bool(on)
        return chip.radio

    def connect(self, ssid="", key="", *, bssid=None):
        """Begin to associate; returns at once. Raises OSError where the radio is off, ValueError for a wrong BSSID."""
        if not chip.radio:
            raise OSError("Wifi Not Started")
        if bssid is not None and len(bssid) != 6:
            raise ValueError()
        ssid, key = _bytes(ssid), _bytes(key)
        chip.call(protocol.WIFI_CONNECT, (bssid or _NO_BSSID) + bytes([len(ssid)]) + ssid + key)

    def disconnect(self):
        """Leave the network and stop trying."""
        if not chip.radio:
            raise OSError("Wifi Not Started")
        chip.call(protocol.WIFI_DISCONNECT)

    def isconnected(self):
        """Whether it is associated and has an address."""
        now = chip.now + protocol.STATUS_US
        if chip.wifi and now < chip.next:  # as in `_state`: nothing is asked so often
            chip.now = now
            return chip.wifi[8] > 0
        return _state()[8] > 0

    def status(self, what=None):
        """One of STAT_*; with "rssi" the signal in dBm. While it tries again and again that is STAT_CONNECTING."""
        state = _state()
        if what is None:
            return state[9]
        if what != "rssi":
            raise ValueError("unknown status param")
        return state[6]

    def ifconfig(self, addresses=None):
        """(address, netmask, gateway, DNS server) as texts; with `addresses`, use those; with "dhcp", ask for them."""
        if addresses is None:
            return tuple([_text(address) for address in _state()[:4]])
        if addresses == "dhcp":
            addresses = ("0.0.0.0",) * 4
        chip.call(protocol.WIFI_ADDRESS, b"".join([packed(address) for address in addresses]))
        return None

    def config(self, name=None, **settings):
        """The value of "mac" or "channel"; or set `reconnects` or `pm`.

        `reconnects`: how often to try again after a loss or a failure, -1: for ever. `pm` has no effect here.
        """
        if name == "mac":
            return chip.mac
        if name == "channel":
            return _state()[5]
        if name is not None:
            raise ValueError("unknown config param")
        for setting, value in settings.items():
            if setting == "reconnects":
                chip.call(protocol.WIFI_RECONNECTS, bytes([value + 1]))
            elif setting != "pm":
                raise ValueError("unknown config param")
        return None

    def scan(self):
        """[(SSID, BSSID, channel, dBm, security, hidden)] of the networks in reach, after the time that takes."""
        if not chip.radio:
            raise OSError("STA must be active")
        found = chip.call(protocol.WIFI_SCAN)
        if not found:
            return []
        bssid, channel, signal = struct.unpack("<6sBb", found[:8])
        return [(found[8:], bssid, channel, signal, 3, False)]


def _state():
    """As the world said it last, if nothing can have changed since."""
    now = chip.now + protocol.STATUS_US
    if chip.wifi and now < chip.next:
        chip.now = now
    else:
        chip.wifi = struct.unpack(protocol.WIFI_STATE, chip.call(protocol.WIFI_STATUS))
    return chip.wifi


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


def _text(address):
    return "%d.%d.%d.%d" % tuple(address)  # noqa: UP031


def packed(address):
    """Four bytes of an address in dots; raises ValueError for anything else."""
    parts = address.split(".")
    if len(parts) != 4:
        raise ValueError("invalid arguments")
    return bytes([int(part) for part in parts])
