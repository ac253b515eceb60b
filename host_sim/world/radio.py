"""The chip's Wi-Fi station and the access point it talks to.

    OFF --active--> IDLE --connect--> JOINING --associated--> ADDRESSING --address--> UP
                      ^                 | ^ not found, wrong key  |                    | no beacons for 6 s
                      '---disconnect----' '-----------------------+--------------------'

A station that lost its network or does not find it tries again, for ever unless it was told how often. It notices a
lost access point late; from the moment of the loss nothing passes. Times: figures.py.
"""

import struct

from host_sim.world import figures

OFF, IDLE, JOINING, ADDRESSING, UP = "off", "idle", "joining", "addressing", "up"

# as `WLAN.status()` says them
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
BEACON_TIMEOUT = 200
NO_AP_FOUND = 201
WRONG_PASSWORD = 202

ANSWERS, SILENT = "answers", "silent"

_NOWHERE = (bytes(4),) * 4


class AccessPoint:
    """The network in reach, up at first. Its attributes may change at any time, `up` by assignment, too."""

    def __init__(self):
        self.ssid = b"dropbolt"
        self.key = b"correct horse"
        self.bssid = bytes.fromhex("02d40b017001")
        self.channel = 6
        self.signal = -60
        """dBm at the lock."""
        self.dhcp = ANSWERS
        """ANSWERS or SILENT: whether a station that asks for an address gets one."""
        self.lease = (bytes([10, 0, 0, 7]), bytes([255, 255, 255, 0]), bytes([10, 0, 0, 1]), bytes([10, 0, 0, 1]))
        """What it gives: address, netmask, gateway and DNS server."""
        self.on_change = None
        self._up = True

    @property
    def up(self):
        """Whether it is there."""
        return self._up

    @up.setter
    def up(self, up):
        self._up = up
        if self.on_change:
            self.on_change()


class Station:
    """The radio of the chip. `on_link` is called whenever `up` may have changed; `meter` counts its charge."""

    def __init__(self, timeline, meter):
        self.access_point = AccessPoint()
        self.access_point.on_change = self._heard
        self.on_link = None
        self.state = OFF
        self.reconnects = 0
        """How often to try before giving up; 0: for ever."""
        self.joins = 0
        """How often it has come to have an address."""
        self._timeline = timeline
        self._meter = meter
        self._event = None
        self._static = _NOWHERE
        self._wanted = None  # (BSSID or None, SSID, key) while it is to be connected
        self._tries = 0
        self._reason = 0
        self._addresses = _NOWHERE
        meter.enter("radio", "off")

    @property
    def up(self):
        """Whether something sent now would arrive."""
        return self.state == UP and self.access_point.up

    @property
    def status(self):
        """What `WLAN.status()` says."""
        if self.state == UP:
            return STAT_GOT_IP
        if self._wanted and not self._exhausted():
            return STAT_CONNECTING
        return self._reason or STAT_IDLE

    @property
    def addresses(self):
        """Address, netmask, gateway and DNS server, four bytes each; zeros where it has none."""
        return self._addresses

    def active(self, on):
        """Turn the radio on or off."""
        if on and self.state == OFF:
            self._enter(IDLE)
            self._wanted, self._reason = None, 0
        elif not on:
            self.off()

    def off(self):
        """No radio any more: turned off, or the chip was reset."""
        self._wanted = None
        self._static = self._addresses = _NOWHERE
        self.reconnects = 0
        self._enter(OFF)

    def connect(self, bssid, ssid, key):
        """Begin to join `ssid`; `bssid` None: any that has this name."""
        self._wanted = (bssid, ssid, key)
        self._tries = self._reason = 0
        self._begin(figures.RADIO_START_US)

    def disconnect(self):
        """Leave and stop trying."""
        self._wanted = None
        if self.state != OFF:
            self._enter(IDLE)

    def scan(self, spend):
        """What `WIFI_SCAN` answers, after the time that `spend(us)` lets pass."""
        spend(figures.SCAN_US)
        point = self.access_point
        return struct.pack("<6sBb", point.bssid, point.channel, point.signal) + point.ssid if point.up else b""

    def address(self, addresses):
        """Use these four addresses; all zeros: ask by DHCP at the next association."""
        self._static = addresses
        if self.state in (ADDRESSING, UP):
            self._addressed()

    def doze(self):
        """The chip slept for a while: what was associated no longer is, and is looked for again."""
        if self.state in (ADDRESSING, UP):
            self._lost(BEACON_TIMEOUT)

    def _enter(self, state):
        self._timeline.cancel(self._event)
        self._event = None
        before, self.state = self.state, state
        if state != UP:
            self._addresses = self._static
        self._meter.enter("radio", {OFF: "off", IDLE: "listening", UP: "listening"}.get(state, "joining"))
        if UP in (before, state) and self.on_link:
            self.on_link()

    def _after(self, us, then):
        self._event = self._timeline.at(self._timeline.now_us + us, then)

    def _begin(self, more_us=0):
        """Look for the access point."""
        self._enter(JOINING)
        bssid, ssid, key = self._wanted
        point = self.access_point
        if not point.up or ssid != point.ssid or bssid not in (None, point.bssid):
            self._after(more_us + figures.SCAN_US, lambda: self._lost(NO_AP_FOUND))
        elif key != point.key:
            self._after(more_us + figures.WRONG_KEY_US, lambda: self._lost(WRONG_PASSWORD))
        else:
            search = figures.SEARCH_BSSID_US if bssid else figures.SEARCH_US
            self._after(more_us + search + figures.JOIN_US, self._associated)

    def _associated(self):
        if not self.access_point.up:
            self._lost(NO_AP_FOUND)
            return
        self._enter(ADDRESSING)
        if self._static != _NOWHERE:
            self._addressed()
        elif self.access_point.dhcp == ANSWERS:
            self._after(figures.DHCP_US, self._addressed)

    def _addressed(self):
        if self._static == _NOWHERE and self.access_point.dhcp != ANSWERS:
            return
        self.joins += 1
        self._reason = 0
        self._enter(UP)
        self._addresses = self.access_point.lease if self._static == _NOWHERE else self._static
        self._heard()

    def _lost(self, reason):
        """The association failed or was lost: try again, if it is still wanted and was not tried often enough."""
        self._reason = reason
        self._tries += 1
        if not self._wanted or self._exhausted():
            self._enter(IDLE)
        else:
            self._begin()

    def _exhausted(self):
        return self.reconnects and self._tries >= self.reconnects

    def _heard(self):
        """The access point came or went."""
        if self.state in (ADDRESSING, UP):
            self._timeline.cancel(self._event)
            self._event = None
            if not self.access_point.up:
                self._after(figures.BEACON_LOSS_US, lambda: self._lost(BEACON_TIMEOUT))
            elif self.state == ADDRESSING:
                self._associated()
        if self.on_link:
            self.on_link()
