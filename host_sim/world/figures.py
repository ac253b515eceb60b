"""How long the radio takes and how much current everything draws: every figure, and where it comes from.

[D] ESP32 Series Datasheet v4.9, tables of power consumption by mode and of RF current, at 3.3 V
[P] measured with MicroPython and published: from the start of Wi-Fi to an address, by DHCP in 1626 ms with 204 mC,
    with a static address in 734 ms with 100 mC; a TLS handshake with certificates in about 1.2 s (2017)
[I] ESP-IDF v5.5 defaults: active scan of 120 ms a channel, beacon loss found after 6 s
[R] HT7833, a linear regulator for 500 mA and up to 8 V: 4 uA (https://net-pbx.com/power/)
[C] measured at a DS3231 at 3.3 V: 90 uA into VCC, 1.25 uA into VBAT, where its bus works as well
    (https://forum.arduino.cc/t/ds3231-rtc-on-zs-042-module-if-low-power-is-important/680092)
[M] DRV8833 data sheet, a bridge for a small motor: 1.6 uA asleep, 2.5 at most
[P3] a passive piezo buzzer, KS-121203H: 3 mA at most (http://en.haixucn.com/doc_24193014.html)
[B] the reference board: resistors chosen here
[A] assumed here: no figure was found, the order of magnitude is right

A linear regulator takes from the batteries what it gives to the chip, and its own current; so currents at 3.3 V and at
the batteries may be added.
"""

# Microseconds

RADIO_START_US = 60_000
"""[A] From `active(True)` to the radio's readiness; included in what [P] measured."""
SEARCH_US = 400_000
"""[A] Until an access point is found by name, on a channel in the middle."""
SEARCH_BSSID_US = 150_000
"""[A] The same, when its BSSID is given."""
JOIN_US = 274_000
"""Authentication, association and key exchange: what is left of the 734 ms of [P]."""
DHCP_US = 892_000
"""What DHCP adds: 1626 - 734 ms of [P]."""
SCAN_US = 1_560_000
"""[I] Thirteen channels: until it is certain that an access point is not there."""
WRONG_KEY_US = 3_000_000
"""[A] Until the key exchange with a wrong key is given up."""
BEACON_LOSS_US = 6_000_000
"""[I] Until the station notices that the access point is gone."""
TLS_CERTIFICATE_US = 1_100_000
"""Computing during a handshake with certificates: what is left of the 1.2 s of [P] without the network's share."""
TLS_PSK_US = 60_000
"""[A] Computing during a handshake with a pre-shared key: no public-key arithmetic."""
FRAME_US = 400
"""[A] Air time of a frame without its bytes: preamble, contention, acknowledgement."""
BYTE_US = 1
"""[A] Air time of a byte, at 8 Mbit/s."""

# Microamperes, always

QUIESCENT_MICROAMPS = {
    "regulator": 4,  # [R]
    "clock, fed through VBAT": 2,  # [C] rounded up
    "divider before the ADC": 2,  # [B] 6 V over 2 + 1 megohm
    "pull-up of the closed end switch": 4,  # [B] 3.3 V over 1 megohm, rounded up; one of the two is closed
    "motor bridge asleep": 2,  # [M] rounded up
}
"""What the board draws beside the chip for as long as it has batteries."""

# Microamperes, by part and state

MICROAMPS = {
    ("chip", "off"): 0,
    ("chip", "awake"): 40_000,  # [D] modem sleep at 160 MHz, 27 to 44 mA
    ("chip", "dozing"): 800,  # [D] light sleep
    ("chip", "asleep"): 10,  # [D] deep sleep with RTC timer and RTC memory
    ("radio", "off"): 0,
    ("radio", "joining"): 95_000,  # beside the chip's own: [P], 100 mC in 734 ms
    ("radio", "listening"): 60_000,  # [D] 95 to 100 mA in all
    ("radio", "sending"): 150_000,  # [D] 190 mA in all, 802.11g at 16 dBm
    ("motor", "resting"): 0,  # running: below
    ("led", "dark"): 0,
    ("led", "lit"): 4_000,  # [B] 1.3 V over 330 ohm
    ("buzzer", "silent"): 0,
    ("buzzer", "sounding"): 3_000,  # [P3]
    ("board", "off"): 0,
    ("board", "fed"): sum(QUIESCENT_MICROAMPS.values()),
}

# Milliamperes

RUN_MA = 250
"""[A] Current of the motor while it turns: a small geared motor of 6 V under load."""
STALL_MA = 900
"""[A] Current of the motor while it is driven and cannot turn."""
