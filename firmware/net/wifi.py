"""Joining the Wi-Fi: quickly, with the access point and the address that are known; if that fails, the slow way.

The quick way names the configured access point and takes the configured address, or the one that was given last; the
slow way takes any access point of that name and asks for an address, unless one is configured.
"""

from micropython import const

from firmware.net.link import WIFI, LinkError

_QUICK_MS = const(4000)


def join(wlan, radio, recall, rtc, now, turn, deadline):
    """Have an address by `deadline` (ms by `now()`), or raise LinkError; returns the address of the name server.

    wlan: station interface. radio: a Radio. recall: a Recall. rtc: seconds of the chip's RTC. turn(): serves whoever is
    at the keypad and lets some ms pass.
    """
    wlan.active(True)
    known = radio.address or recall.addresses(rtc)
    bssid = radio.bssid if recall.near else b""
    if known or bssid:
        until = min(deadline, now() + _QUICK_MS)
        if _try(wlan, radio, known or "dhcp", bssid, now, turn, until):
            return _arrived(wlan, known, recall, rtc)
        recall.near = 0
        recall.forget_addresses()
        wlan.disconnect()
    if not _try(wlan, radio, radio.address or "dhcp", b"", now, turn, deadline):
        raise LinkError(WIFI)
    return _arrived(wlan, radio.address, recall, rtc)


def _try(wlan, radio, addresses, bssid, now, turn, until):
    try:
        wlan.ifconfig(addresses)
        if bssid:
            wlan.connect(radio.ssid, radio.password, bssid=bssid)
        else:
            wlan.connect(radio.ssid, radio.password)
        while not wlan.isconnected():
            if now() >= until:
                return False
            turn()
    except OSError:  # the driver's: out of memory, wrong state
        raise LinkError(WIFI)
    return True


def _arrived(wlan, known, recall, rtc):
    addresses = wlan.ifconfig()
    if not known:
        recall.keep_addresses(addresses, rtc)
    return addresses[3]
