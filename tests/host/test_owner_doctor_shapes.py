"""`dropbolt doctor` with a lock on the cable whose answers are JSON, but not of the shape that a lock's have."""

import json
import random
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from firmware.core.grants import GRANT_SIZE
from host_sim.lock import DEFAULT_START
from host_sim.provision import RADIO_SETTINGS
from tests.host.owners import folder, record, run
from tools.image import Refused
from tools.owner.doctor import examined
from tools.owner.on_lock.hidden import known, masked

PORT = "/dev/ttyUSB0"
BAD = (None, True, -1, 10**400, 1e999, "", "\x1b[2J", "zz", [], {}, [[]], {"a": 1})


def sound(kept):
    """The lines of a lock that is the record's, its radio provisioned; its flash is not there."""
    fields = json.loads(kept.issuer.settings)
    for name in ("salt", "mac"):
        fields[name] = known(bytes.fromhex(fields[name]))
    table, radio = kept.issuer.packed, RADIO_SETTINGS
    return [
        ["micropython", 1, 25, 0],
        *(["setting", *item] for item in fields.items()),
        *(["grant", masked(table[at : at + GRANT_SIZE])] for at in range(0, len(table), GRANT_SIZE)),
        ["set", 1, 1],
        ["battery", 6000],
        ["celsius", 20.25],
        ["clock", 0, 1, True],
        ["second", DEFAULT_START],
        ["empty", 6, 3600],
        ["radio", ""],
        ["broker", radio["host"], radio["port"], radio["security"], "door"],
        ["Wi-Fi", radio["ssid"], True, False, False],
        ["check in", 1, 3600, 7200],
        ["root", 1, 1, "00" * 8],
        ["sectors", 0],
    ]


class Prompt:
    """mpremote's transport to a lock that answers `lines` to the first question, and nothing to the others."""

    def __init__(self, lines):
        self._answers = ["".join(json.dumps(line) + "\n" for line in lines)]

    def exec(self, code):
        asked = code.startswith("import json") if isinstance(code, str) else False
        return self._answers.pop().encode() if asked and self._answers else b""


@pytest.fixture
def answers(monkeypatch):
    """Have the lock on the cable answer these lines."""

    def put(lines):
        @contextmanager
        def opened(port, broken):
            yield Prompt(lines)

        monkeypatch.setattr("tools.prompt.opened", opened)

    monkeypatch.setattr("tools.prompt.restart", lambda transport: True)
    monkeypatch.setattr("tools.image.release.build", lambda: SimpleNamespace(folder="fw-000000000000"))
    return put


def wrong(lines, seed):
    """The lines with one of them in a wrong shape."""
    rng = random.Random(seed)
    lines, at = [list(line) for line in lines], rng.randrange(len(lines))
    line = lines[at]
    change = rng.randrange(4)
    if change == 0:
        del lines[at]
    elif change == 1:
        lines[at] = rng.choice(BAD)
    elif change == 2:
        del line[rng.randrange(1, len(line)) :]
    else:
        line[rng.randrange(len(line))] = rng.choice(BAD)
    return lines


def test_what_a_lock_answers_in_its_own_shape_is_read(answers):
    kept = record()
    answers(sound(kept))
    said = [each.what for each in examined(kept, (), DEFAULT_START, port=PORT)]
    for text in ("settings and grants are the record's; set number 1", "20 degrees", "radio: Wi-Fi dropbolt, broker"):
        assert any(each.startswith(text) for each in said), said


@pytest.mark.parametrize(
    "line",
    [3, [], [["clock"]], ["setting"], ["setting", [], 1], ["set", 1], ["second", "now"], ["sectors", None]],
    ids=json.dumps,
)
def test_an_answer_in_another_shape_is_one_line_and_a_status(answers, tmp_path, line):
    kept = record()
    answers([*sound(kept), line])
    done = run(folder(tmp_path, kept), "doctor", "front", "--port", PORT)
    assert (done.exit_code, done.exception.__class__) == (2, SystemExit), done.exception
    assert f"the lock on {PORT} answers what no lock's firmware does (" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_wrong_shape_ends_in_anything_else(answers):
    kept, refused = record(), 0
    for seed in range(200):
        answers(wrong(sound(kept), seed))
        try:
            examined(kept, (), DEFAULT_START, port=PORT)
        except Refused as error:
            refused += "answers what no lock's firmware does" in str(error)
        except ValueError as error:
            assert "the lock on the cable is not front" in str(error), seed
    assert 30 < refused < 170
