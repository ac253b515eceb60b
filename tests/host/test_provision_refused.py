"""What provisioning refuses: one clear sentence with the next step, and nothing half done."""

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from time import localtime, strftime
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from host_sim.lock import Lock, LockConfig
from tests.host.owners import CONFIG, PARCEL, PASSPHRASE, folder, run
from tests.host.prompted import Prompt
from tools.cli import app
from tools.image import Refused
from tools.owner.keep import Keep
from tools.owner.register import registered

RELEASE = "fw-000000000000"
YES, NO, RANDOM = "y\n", "n\n", "\n"
FIRST = RANDOM + RANDOM + YES
ISSUER = """
[[issuer]]
number = 2
label = "carrier"
permissions = ["unlock"]
quota = 9
"""


class Bench:
    """A board at its prompt, and an owner's computer; it is what the computer's programs take for `time`."""

    def __init__(self, path, lock):
        self.lock, self.ahead_s = lock, 0
        self.prompt = lambda: Prompt(self.lock, RELEASE)
        self.keep = folder(path / "keep")
        self.config = path / "front.toml"
        self.write(CONFIG)

    def time(self):
        return self.lock.now + self.ahead_s

    monotonic = time

    def sleep(self, seconds):
        """Time is the world's."""

    strftime = staticmethod(strftime)
    localtime = staticmethod(localtime)

    def write(self, text):
        self.config.write_text(text)
        os.utime(self.config, (self.lock.now, self.lock.now))

    @contextmanager
    def opened(self, port, broken):
        yield self.prompt()

    def provision(self, answers="", words=(), passphrase=PASSPHRASE):
        """(status, standard error, all that was on the screen)."""
        command = ["provision", "--no-test", "--folder", str(self.keep.path), *words, "/dev/ttyUSB0", str(self.config)]
        done = CliRunner().invoke(app, command, f"{passphrase}\n{answers}")
        return done.exit_code, done.stderr, done.output

    def done(self, answers="", words=()):
        status, _, screen = self.provision(answers, words)
        assert status == 0, screen
        return screen

    def refused(self, *texts, answers="", words=(), passphrase=PASSPHRASE):
        """It is, in one sentence that has the texts; neither the lock nor the folder has changed."""
        before = self.kept()
        status, said, screen = self.provision(answers, words, passphrase)
        assert status == 2, screen
        for text in texts:
            assert text in said, said
        assert self.kept() == before
        return said

    def kept(self):
        """What the board and the folder hold."""
        nvs = {names: value for names, value in self.lock.world.nvs.snapshot()[0].items() if names[0] == "dropbolt"}
        files = {path.name: path.read_bytes() for path in self.keep.path.iterdir() if path.suffix == ".age"}
        return nvs, self.lock.flash, files

    def record(self, label="front"):
        keep = Keep(self.keep.path)
        keep.unlock(PASSPHRASE)
        return keep.load(label)

    def code(self, *words):
        told = run(self.keep, "issue", "front", *words).output.split()
        return told[told.index("code") + 1]

    def answer(self, digits):
        self.lock.wait(30)
        self.lock.wake()
        self.lock.type(digits + "#")
        self.lock.wait(4)
        return self.lock.answer


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with Lock() as lock:
        lock.wait(20)
        made = Bench(tmp_path, lock)
        for module in ("provision.cli", "provision.flow", "provision.lock", "prompt", "owner.cli"):
            monkeypatch.setattr(f"tools.{module}.time", made)
        monkeypatch.setattr("tools.provision.lock.prompt.opened", lambda *words: made.opened(*words))
        monkeypatch.setattr("tools.image.release.build", lambda: SimpleNamespace(folder=RELEASE))
        yield made


TEN_ERRORS = """
[settings]
zone = "Europe/Berlin"
relock_s = 0
colour = "red"
[[bucket]]
length = 5
burst = 1
refill = "8h"
[[grant]]
id = 1
label = "app"
kind = "intervall"
[[grant]]
id = 2
label = "a label that is far too long"
kind = "event"
key = "00"
window = 65
[[grant]]
id = 2
label = "owner"
kind = "number"
digits = 13
issuer = "nobody"
grace_before = 3
"""


def test_every_error_of_a_configuration_is_told_with_its_line(bench):
    bench.write(TEN_ERRORS)
    said = bench.refused()
    lines = [int(number) for number in re.findall(r"^.*front\.toml:(\d+): .+$", said, re.MULTILINE)]
    assert len(lines) == len(said.splitlines()) >= 10, said
    assert lines == sorted(lines)
    assert {3, 4, 5, 7, 13, 16, 18} <= set(lines)


def test_a_risk_above_its_bound_is_refused_before_anything(bench):
    bench.write(CONFIG.replace("risk_one_in = 100", "risk_one_in = 1000000"))
    bench.refused("risk: a stranger opens with a chance of", answers=FIRST)


def test_a_wrong_passphrase(bench):
    bench.refused("does not open with this passphrase: try again", passphrase="horse")


def test_an_owner_s_folder_is_made_where_there_is_none(bench, tmp_path):
    words = ("--folder", str(tmp_path / "new"))
    status, _, screen = bench.provision(f"{PASSPHRASE}\n{FIRST}", words)
    assert status == 0, screen
    assert "the owner's keys are made" in screen
    assert (tmp_path / "new" / "front.age").exists()


def test_another_board_or_another_firmware(bench):
    bench.prompt = lambda: Prompt(bench.lock, "x")
    bench.refused("(a board) has no firmware of a lock", "`make flash PORT=/dev/ttyUSB0`", answers=FIRST)
    bench.prompt = lambda: Prompt(bench.lock, "fw-0123456789ab")
    bench.refused("runs the firmware fw-0123456789ab", "`make deploy PORT=/dev/ttyUSB0` first", answers=FIRST)


def test_flash_without_the_lock_s_partition(bench):
    with Lock(config=LockConfig(sectors=32)) as bench.lock:
        bench.lock.wait(20)
        bench.refused("has no partition of a lock: run `make flash", answers=FIRST)


def test_a_clock_that_is_off(bench):
    bench.ahead_s = -3600
    bench.refused("front.toml is of 2026-03-02", "set its clock (`timedatectl` shows it)")
    bench.ahead_s = 0
    status, said, _ = bench.provision(RANDOM + RANDOM + NO)
    assert status == 2
    assert "the lock's clock was left as it is: set this computer's clock" in said
    assert bench.record().pending
    assert "the clock is set" in bench.done(YES)
    assert bench.answer(bench.code("visitors")) == "opened"


def test_a_time_before_what_the_lock_has_known_wants_a_second_yes(bench):
    bench.done(FIRST)
    bench.write(CONFIG)
    bench.ahead_s = 86400
    bench.done(YES)
    bench.ahead_s = 0
    status, said, screen = bench.provision(YES + NO)
    assert status == 2
    assert "The lock has known a later time, Tue 3 Mar 2026" in screen
    assert "left as it is" in said
    bench.done(YES + YES)
    assert bench.answer(bench.code("visitors")) == "opened"


def test_whoever_stops_goes_on_later(bench):
    status, said, _ = bench.provision(RANDOM + RANDOM)
    assert status == 2
    assert "stopped: run the same command again, it goes on from there; the console is open until" in said
    before = bench.record()
    bench.done(YES)
    assert bench.record().secrets == before.secrets


def test_an_issuer_that_came_by_radio_goes_only_after_a_question(bench):
    bench.write(CONFIG + ISSUER)
    bench.done(FIRST)
    bench.write(CONFIG)
    status, said, screen = bench.provision(NO)
    assert status == 2
    assert "The lock forgets what the configuration does not have: issuer carrier?" in screen
    bench.done(YES + YES)
    assert bench.record().settings["issuers"] == []


def test_a_full_disk_leaves_the_board_bare(bench, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tools.replace.os.fsync", full)
        bench.refused("No space left on device", answers=FIRST)
    bench.done(FIRST)


def test_two_commands_at_once_lose_no_record(bench, monkeypatch):
    """While this one gives the lock up, another one has made a second board the lock of that label."""
    bench.done(FIRST)
    add, board = Keep.add, bench.kept()[0]

    def meanwhile(keep, retired):
        add(keep, retired)
        keep.replace("front", lambda there: replace(there, board="240ac4d00b02"))

    monkeypatch.setattr(Keep, "add", meanwhile)
    status, said, _ = bench.provision(FIRST, words=("--erase",))
    assert (status, "another command has changed the record of 'front'" in said) == (2, True)
    assert (bench.record().board, bench.kept()[0]) == ("240ac4d00b02", board)


def test_two_locks_share_nothing_and_no_label_has_two(bench, monkeypatch):
    bench.done(FIRST)
    first = bench.record()
    with Lock() as bench.lock:
        bench.lock.wait(20)
        monkeypatch.setattr("host_sim.wiring.MAC", bytes.fromhex("240ac4d00b02"))
        bench.refused("'front' is the lock with the board 240ac4d00b01, and the board on", "LABEL=...")
        bench.done(FIRST, words=("--label", "back door"))
        other = bench.record("back door")
        assert not set(first.secrets.values()) & set(other.secrets.values())
        assert first.grants[-1]["number"] != other.grants[-1]["number"]
        bench.refused("'front' is the lock with the board 240ac4d00b01")


def test_a_lock_of_another_record_is_refused_and_given_up_only_with_erase(bench):
    bench.done(FIRST)
    (bench.keep.path / "front.age").rename(bench.keep.path / "other.age")
    bench.refused("is another lock (", "with ERASE=1 that lock is given up for ever", answers=FIRST)
    before = bench.kept()
    bench.refused("nothing was changed: the same command without ERASE=1", answers=RANDOM * 2 + NO, words=("--erase",))
    assert bench.kept() == before
    screen = bench.done(RANDOM + RANDOM + YES + YES, words=("--erase",))
    assert "what the board was is forgotten" in screen
    assert bench.answer(bench.code("couriers")) == "opened"
    assert bench.record().lock_id != bench.record("other").lock_id


def test_a_lock_that_has_lost_its_keys_gets_others(bench):
    bench.done(FIRST)
    code, old = bench.code("couriers"), bench.record()
    assert bench.answer(code) == "opened"
    bench.lock.wait(20)
    bench.lock.world.nvs.erase_all()
    bench.refused("the lock 'front' has lost its keys, and with them which codes were used: with ERASE=1")
    screen = bench.done(RANDOM + RANDOM + YES + YES, words=("--erase",))
    label = f"front {old.lock_id.hex()[:8]}"
    assert f"the record of before is kept as '{label}'" in screen
    assert (bench.record(label).secrets, bench.record(label).codes) == (old.secrets, old.codes)
    assert bench.record().codes == []
    assert bench.answer(code) == "mistyped" or bench.lock.answer == "wrong"
    assert bench.answer(bench.code("couriers")) == "opened"


def test_a_memory_of_used_codes_that_is_gone_is_never_begun_anew_with_the_same_keys(bench):
    bench.done(FIRST)
    code = bench.code("couriers")
    assert bench.answer(code) == "opened"
    bench.lock.wait(20)
    bench.lock.world.flash.load(b"\xff" * len(bench.lock.flash))
    bench.refused("the lock's memory of used codes cannot be trusted (blank)", "with ERASE=1 it gets new keys")
    bench.done(RANDOM + RANDOM + YES + YES, words=("--erase",))
    assert bench.answer(code) != "opened"


def test_a_change_that_was_cut_does_not_bring_used_codes_back(bench):
    bench.done(FIRST)
    code, old = bench.code("couriers"), bench.record()
    assert bench.answer(code) == "opened"
    bench.lock.wait(20)
    bench.write(CONFIG + PARCEL)
    assert bench.provision(RANDOM)[0] == 2
    assert bench.record().pending
    bench.lock.wait(20)
    bench.lock.world.nvs.erase_all()
    bench.refused("the lock 'front' has lost its keys, and with them which codes were used: with ERASE=1")
    bench.done(RANDOM * 3 + YES + YES, words=("--erase",))
    assert not set(old.secrets.values()) & set(bench.record().secrets.values())
    assert bench.answer(code) != "opened"


def test_an_older_set_that_was_put_back_is_replaced_by_one_that_counts(bench):
    bench.done(FIRST)
    nvs = bench.lock.world.nvs
    older = {names[1]: value for names, value in nvs.snapshot()[0].items() if names[2] == "blob"}
    bench.write(CONFIG.replace("risk_one_in = 100", "risk_one_in = 100\nrelock_s = 9"))
    bench.done(YES)
    bench.write(CONFIG)
    bench.done(YES)
    code = bench.code("couriers")
    bench.lock.wait(30)
    for names in [names for names in nvs.snapshot()[0] if names[0] == "dropbolt" and names[2] == "blob"]:
        nvs.erase_key(*names[:2])
    for name, value in older.items():
        if name[0] in "ab":
            nvs.set_blob("dropbolt", name, value)
    assert bench.answer(code) == "owner"
    bench.lock.wait(20)
    bench.done(YES)
    assert bench.answer(code) == "opened"


def test_a_record_that_another_computer_made_cannot_provision(bench):
    bench.done(FIRST)
    keep = Keep(bench.keep.path)
    keep.unlock(PASSPHRASE)
    with keep.change("front") as record:
        record.board = ""
    bench.refused("this computer has 'front' from another one: provision it there")


def test_what_decides_a_grant_s_digits_stays_under_its_id(bench):
    bench.done(FIRST)
    bench.write(CONFIG.replace('step = "1h"', 'step = "2h"'))
    bench.refused("grant 3 (visitors): step cannot change, since its codes would be others: take a new id, above 7")
    bench.write(CONFIG.replace('label = "visitors"', 'label = "guests"'))
    code = bench.code("visitors")
    bench.done(YES)
    assert bench.answer(code) == "opened"


def test_an_id_is_never_given_again(bench):
    bench.done(FIRST)
    bench.write(CONFIG + PARCEL)
    bench.done(RANDOM + YES)
    bench.write(CONFIG)
    status, said, _ = bench.provision(NO)
    assert (status, said[-73:]) == (2, "nothing was changed: put those grants into the configuration, or say yes\n")
    assert "parcel 2 (id 8)" in bench.done(YES + YES)
    bench.write(CONFIG + PARCEL)
    bench.refused("grant 8: its id was used before", answers=RANDOM)
    bench.write(CONFIG + PARCEL.replace("id = 8", "id = 9"))
    bench.done(RANDOM + YES)
    assert bench.answer(bench.code("parcel 2")) == "opened"


def test_what_was_revoked_at_the_keypad_stays_revoked(bench):
    bench.done(FIRST)
    couriers = bench.code("couriers")
    assert bench.answer(bench.code("owner")) == "opened"
    for entry in ("81#", "2#"):
        bench.lock.type(entry)
        bench.lock.wait(4)
    assert bench.lock.answer == "accepted"
    bench.lock.wait(60)
    bench.done(YES)
    assert bench.record().grants[1]["revoked"]
    assert bench.answer(couriers) == "owner"


def test_an_issuer_who_was_revoked_at_the_keypad_comes_back_only_after_a_question(bench):
    bench.write(CONFIG + ISSUER)
    bench.done(FIRST)
    assert bench.answer(bench.code("owner")) == "opened"
    for entry in ("82#", "2#"):
        bench.lock.type(entry)
        bench.lock.wait(4)
    assert bench.lock.answer == "accepted"
    bench.lock.wait(60)
    status, said, screen = bench.provision(NO)
    assert status == 2
    assert "issuer again, with the key of before: carrier?" in screen
    assert "take those issuers out of the configuration" in said
    bench.write(CONFIG)
    bench.done(YES)
    assert bench.record().settings["issuers"] == []


def test_a_number_goes_to_another_issuer_only_after_a_question(bench):
    """Who has had its key could go on in the name of whoever has the number now."""
    bench.write(CONFIG + ISSUER)
    bench.done(FIRST)
    root = bench.record().secrets["root 2"]
    bench.write(CONFIG + ISSUER.replace("carrier", "cleaning"))
    bench.refused("give a new issuer a number that nobody had", answers=NO)
    status, _, screen = bench.provision(NO)
    assert (status, "with the key of before: 2 (was carrier, is to be cleaning)?" in screen) == (2, True)
    bench.done(YES + YES)
    assert (bench.record().secrets["root 2"], bench.record().settings["issuers"][0][1]) == (root, "cleaning")
    bench.done(YES)


def test_a_number_that_an_issuer_had_long_ago_is_asked_about(bench):
    bench.write(CONFIG + ISSUER)
    bench.done(FIRST)
    bench.write(CONFIG)
    bench.done(YES + YES)
    for label in ("cleaning", "carrier", "given before"):
        bench.write(CONFIG + ISSUER.replace("carrier", label))
        status, _, screen = bench.provision(NO)
        assert (status, f"with the key of before: 2 (was given before, is to be {label})?" in screen) == (2, True)
    bench.write(CONFIG + ISSUER.replace("number = 2", "number = 3"))
    bench.done(YES)


def test_what_was_registered_stays_until_it_is_over(bench):
    bench.done(FIRST)
    keep = Keep(bench.keep.path)
    keep.unlock(PASSPHRASE)
    with keep.change("front") as record:
        config = record.settings | {"buckets": [*record.settings["buckets"], [10, 3, 86400]]}
        record.settings = config
    with keep.change("front") as record:
        made, issued = registered(record, "1Z 999 AA1 01 2345 6784", int(bench.time()))
        record.__dict__.update(vars(made))
    bench.write(CONFIG + '[[bucket]]\nlength = 10\nburst = 3\nrefill = "1d"\n')
    bench.done(YES)
    assert bench.record().grants[-1]["label"] == "parcel 8"
    assert bench.answer(issued.digits) == "opened"
    bench.lock.wait(15 * 86400)
    bench.done(YES)
    assert bench.record().grants[-1]["label"] == "owner"
    bench.write(CONFIG + PARCEL)
    bench.refused("grant 8: its id was used before", answers=RANDOM)


def test_a_lock_that_goes_away_is_told(bench):
    @contextmanager
    def opened(port, broken):
        transport = Prompt(bench.lock, RELEASE)
        transport.pull_at = 9
        try:
            yield transport
        except OSError as error:
            raise Refused(broken.format(port=port, why="stopped answering")) from error

    whole, bench.opened = bench.opened, opened
    status, said, _ = bench.provision(FIRST)
    assert status == 2
    assert said.endswith(
        "the lock on /dev/ttyUSB0 stopped answering: plug it in, open its console, and run the same command "
        "again; it goes on from there\n"
    )
    bench.opened = whole
    bench.done(YES)
