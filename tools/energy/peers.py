"""What is published of other locks' batteries, and where."""

from collections import namedtuple

Peer = namedtuple("Peer", "name radio months source")
"""months: (least, most) said."""

PEERS = (
    Peer("OraCode 660, hotels and rentals", "none", (36, 36), "http://qastravel.com/faq.htm"),
    Peer(
        "Schlage keypad lock",
        "none",
        (24, 24),
        "https://engineerfix.com/how-long-do-batteries-last-in-schlage-locks/",
    ),
    Peer(
        "Schlage by Z-Wave or Zigbee",
        "Z-Wave",
        (12, 18),
        "https://engineerfix.com/how-long-do-batteries-last-in-schlage-locks/",
    ),
    Peer(
        "Kwikset Premis, 10 operations a day",
        "Bluetooth",
        (12, 12),
        "https://www.kwikset.com/support/guides/premis-user/battery-faq.html",
    ),
    Peer(
        "igloohome, algoPIN",
        "Bluetooth",
        (6, 9),
        "https://support.igloohome.co/support/solutions/articles/35000013972-how-is-the-igloohome-smartlock-powered-",
    ),
    Peer(
        "Schlage Encode Plus",
        "Wi-Fi",
        (6, 6),
        "https://greenyplace.com/what-type-of-battery-does-a-schlage-door-lock-take",
    ),
    Peer(
        "Yale Assure Lock 2, Wi-Fi module",
        "Wi-Fi",
        (1, 3),
        "https://pixelation.org/yale-assure-lock-2-battery-life-what-most-people-get-wrong-h3p",
    ),
)
