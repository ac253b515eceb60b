"""The QR code on the owner's screen: read as a phone's camera reads it, its app makes the codes that the lock takes."""

import numpy as np
import pyotp
import pytest
import zxingcpp

from host_sim.lock import DEFAULT_START
from tests.host.owners import lock_of, record
from tools.owner.app import drawn, give

_HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def photograph(text, ink):
    """A picture of a terminal that shows `text`, its letters of brightness `ink` on a ground that is the contrary."""
    rows = [[_HALVES[letter][half] for letter in line] for line in text.splitlines() for half in (0, 1)]
    dots = np.pad(np.array(rows, np.uint8), 8)
    return np.kron(np.where(dots, ink, 255 - ink).astype(np.uint8), np.ones((4, 4), np.uint8))


@pytest.mark.parametrize("ink", [255, 0], ids=["light on dark", "dark on light"])
def test_a_phone_takes_the_qr_code_and_makes_the_codes_of_the_grant(ink):
    kept = record()
    link = give(kept, "app")
    found = zxingcpp.read_barcodes(photograph(drawn(link), ink))
    assert [each.text for each in found] == [link]
    app = pyotp.parse_uri(found[0].text)
    assert (app.issuer, app.name) == ("Dropbolt", "front app")
    with lock_of(kept) as lock:
        for at in range(DEFAULT_START, DEFAULT_START + 300, 30):
            assert app.at(at) == lock.issue("app", at=at)
        lock.wake()
        lock.type(app.at(int(lock.now)) + "#")
        assert lock.run_until(lambda: lock.answer == "opened", 5)
