"""How long the radio takes and how much current everything draws: every figure, and where it comes from.

[D] ESP32 Series Datasheet v4.9, tables of power consumption by mode and of RF current, at 3.3 V
[P] measured with MicroPython and published: from the start of Wi-Fi to an address, by DHCP in 1626 ms with 204 mC,
    with a static address in 734 ms with 100 mC; a TLS handshake with certificates in about 1.2 s (2017)
[G] ESP-IDF, sleep modes: pulls that are on after a reset, as that of GPIO 14, draw current in deep sleep as well unless
    the pad is isolated
    (https://docs.espressif.com/projects/esp-idf/zh_CN/v4.4.3/esp32/api-reference/system/sleep_modes.html)
[I] ESP-IDF v5.5 defaults: active scan of 120 ms a channel, beacon loss found after 6 s
[R] HT7833, a linear regulator for 500 mA and up to 8 V: 4 uA (https://net-pbx.com/power/
    https://www.esp8266.com/viewtopic.php?f=13&t=19801)
[C] measured at a DS3231 at 3.3 V: 90 uA into VCC, 1.25 uA into VBAT, where its bus works as well
    (https://forum.arduino.cc/t/ds3231-rtc-on-zs-042-module-if-low-power-is-important/680092)
[M] DRV8833 data sheet, a bridge for a small motor: 1.6 uA asleep, 2.5 at most
[P3] a passive piezo buzzer, KS-121203H: 3 mA at most (http://en.haixucn.com/doc_24193014.html)
[E] Energizer's data sheet: a cell gives 2900 mAh at 25 mA
    (https://lygte-info.dk/info/ComparisonOfAABatteryChemistry%20UK.html)
    and has a quarter of that left at 1.2 V (https://eessential.blogspot.com/2019/03/)
[S] measured, continuous: means of cells of two and four makes at 100 and 500 mA
    (https://www.powerstream.com/AA-tests.htm)
[U] Duracell's data sheet, some hours a day (https://rightbattery.com/tag/aa-battery/page/14)
[V] read from Duracell's curve of an MN1500 at a constant 50 mW and 21 C, which is 33 to 50 mA
    (https://duracell.com/techlibrary/product-technical-data-sheets); agrees with the quarter at 1.2 V of [E]
[F] 20 to 50 % less in the cold
    (https://poweringautos.com/how-much-alkaline-battery-loss-drain-when-temperature-is-low-2),
    20 to 50 % of it left at -20 C
    (https://cyfreeze.com/article/do-alkaline-batteries-work-in-sub-freezing-temperatures):
    of the ranges, about the middle
[Q] counted on an emulated chip: an HMAC 1.1 ms, 256 KiB read from the file system 0.5 s
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
SHA256_US = 130
"""[Q] One digest of a block by SHA-256, called from MicroPython."""
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

ELSEWHERE_MICROAMPS = {
    "divider of 200 + 100 kilohm": 20 - 2,
    "clock fed through VCC": 90 - 2,  # [C]
    "pull-up of 10 kilohm at the end switch": 330 - 4,
    "regulator AP2112K": 55 - 4,  # [R]
    "pull-up left on at the reed contact": 73,  # [D] [G]
    "ESP32-DevKitC": 3_800,  # [P] the least that was measured on such boards, asleep
}
"""What other boards draw beyond those of the reference board."""
OTHER_SHARES = {
    "switching regulator, 90 %": {"chip": 0.72, "radio": 0.72},  # [A] 3.3 V out of 5.1 V in the mean
    "chip at 80 MHz": {"chip": 0.63},  # [D] 20 to 31 mA, not 27 to 44
}
"""What other choices would leave of a part's charge."""

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
    ("led", "lit"): 1_300,  # [B] 1.3 V over 1 kilohm
    ("buzzer", "silent"): 0,
    ("buzzer", "sounding"): 3_000,  # [P3]
    ("reed", "open"): 0,
    ("reed", "closed"): 73,  # [D] 3.3 V over a pull-up of 45 kilohm inside the chip, where it is on
    ("board", "off"): 0,
    ("board", "fed"): sum(QUIESCENT_MICROAMPS.values()),
}

# Milliamperes

RUN_MA = 250
"""[A] Current of the motor while it turns: a small geared motor of 6 V under load."""
STALL_MA = 900
"""[A] Current of the motor while it is driven and cannot turn."""

# Four alkaline cells of size AA

CELLS = 4
CELL_MAH = ((25, 2_900), (100, 2_165), (500, 1_265))
"""[E] [S] What a cell gives down to 0.9 V when milliamperes are drawn from it without a rest."""
CELL_RESTED_MAH = ((50, 2_900), (100, 2_700), (250, 2_300), (500, 2_000))
"""[U] The same, when it may rest in between."""
CELL_LEFT_PERCENT = (
    (900, 0),
    (1_000, 3),
    (1_100, 11),
    (1_200, 24),
    (1_300, 57),
    (1_400, 83),
    (1_500, 96),
    (1_600, 100),
)
"""[V] Millivolts of a cell while 50 mW are drawn, and percent of its time that is left."""
COLD_PERCENT = ((-20, 35), (-10, 50), (0, 65), (10, 85), (21, 100))
"""[F] Degrees Celsius, and percent of what a cell gives at 21 C."""
SELF_DISCHARGE_PERCENT = 3
"""[A] Of what is left, a year: after ten years, the shelf life that is promised, there are 74 % left."""

# Microseconds that the chip computes awake, while simulated time stands still

COMPUTING_US = {
    "refused": 600_000,
    "opening": 600_000,  # [Q] modules of 50 KiB, 128 HMACs, the check of vault and journal, a stretch of 150 ms at most
    "check-in": 300_000,  # [Q] modules of 40 KiB, and 2 KiB to seal and open, 64 blocks of AES and 4 HMACs each KiB
}
