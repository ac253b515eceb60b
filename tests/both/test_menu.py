"""The menu at the keypad, with the lock's own vault, journal and log behind it."""

import json

from keyring import KEY, event
from nor import Nor, Nvs, PowerCut
from test_config import GOOD

from firmware.assembly import Wake
from firmware.config import Config
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import (
    ACCEPTED,
    BUDGET,
    EARLY,
    INTERVAL,
    LATE,
    NEVER,
    NUMBER,
    OPENED,
    OWNER,
    SERVICE,
    STALE,
    UNLOCK,
    USED,
    WRONG,
)
from firmware.door import JAMMED, RELOCKED
from firmware.door import OPENED as DRAWN
from firmware.drivers.numerals import number
from firmware.drivers.signals import PATTERNS
from firmware.logbook import Logbook
from firmware.menu import LONGEST, MOST, Menu
from firmware.renewal import leave, renew
from firmware.store.audit import CALL, ENTRY, FAULT, JAM, KINDS, REVOCATION, Audit
from firmware.store.audit import SERVICE as USED_MENU
from firmware.store.chain import KEY_SIZE
from firmware.store.journal import Journal
from firmware.store.vault import Vault

PAUSE = (1500,)
CODE, OWNERS, INSTALLERS = 1, 98, 99  # ids of grants: couriers' codes, the owner's, the installer's
GRANTS = (
    event(id=CODE, check=True, issuer=3)
    + event(id=2, check=True, issuer=3)
    + pack_grant(id=70, kind=INTERVAL, key=KEY, check=True, step=3600, issuer=4)
    + event(id=INSTALLERS, check=True, permissions=SERVICE, issuer=1)
    + pack_grant(
        id=OWNERS, kind=NUMBER, key=b"o" * 16, digits=12, permissions=OWNER | UNLOCK, uses=0, unpredictable=12, issuer=0
    )
)


class Lamp:
    mute = False
    steps = ()

    def begin(self, steps, now):
        self.steps = steps


class Visitor:
    def take_up(self):
        self.session.attempts = self.judge


class Doorway:
    closed, battery_ok = True, True
    tests = 0

    def held(self, now):
        return 0

    def test(self, now):
        self.tests += self.battery_ok
        return self.battery_ok


class Judge:
    """For whom nothing waits."""

    ready = False

    def begin(self):
        self.ready = True

    def waiting(self, now):
        return 0


class Attempts:
    """Has judged a code of the grant `grant_id`; says `decision` to a code that is to be revoked."""

    decision = ACCEPTED
    known = True
    number = 2

    def __init__(self, permissions, grant_id):
        self.permissions = permissions
        self.details = (1, 9, grant_id, int(grant_id == INSTALLERS), 0)
        self.revoked = None

    def revoke(self, digits, length, now):
        self.revoked = bytes(digits[:length])
        self.details = (2, 9, CODE, 3, 0)
        return self.decision


class Clock:
    quality, uncertainty, credit, reference, floor = 1, 2, 1000, 0, 0

    def read(self):
        return 1900000000, self.quality


class I2C:
    """The board, and a bus with a DS3231 of which only the temperature is read."""

    quarters = 100

    @property
    def i2c(self):
        return self

    def now(self):
        return 0

    def readfrom_mem_into(self, address, register, buf):
        assert register == 0x11
        if self.quarters is None:
            raise OSError(19)
        buf[0], buf[1] = self.quarters >> 2 & 0xFF, (self.quarters & 3) << 6


class Memory:
    call = kept = credit = reference = 0
    fresh = False

    def keep(self):
        self.kept = self.call


class Battery:
    mv = 5840

    def millivolts(self):
        return self.mv


class Bench(Wake):
    """A wake on flash and NVS that can lose power; `enter` types into its menu, `boot` goes on with what is left."""

    def __init__(self, permissions=OWNER | UNLOCK, grant_id=OWNERS):
        self.nvs, self.nor = Nvs(), Nor(11, 1024)
        vault = Vault(self.nvs)
        vault.replace(json.dumps(GOOD).encode(), GRANTS)
        self._load()
        self.journal.format()
        self.audit.format(b"f" * KEY_SIZE)
        self.count(1)
        self.open(permissions, grant_id)

    def _load(self):
        self.vault = Vault(self.nvs)
        self.config = Config(*self.vault.load())
        self.state = State(self.config.grants)
        self.journal = Journal(self.nor, self.state, self.config.journal, self.config.mac, self.nvs, 0, 3)
        self.audit = Audit(self.nor, self.config.journal, 3, 8)
        self.board, self.battery, self.clock, self.memory = I2C(), Battery(), Clock(), Memory()
        self.logbook = Logbook(self.audit, lambda: (0, 0, 0, 0))

    def boot(self):
        self.nvs.revive()
        self.nor.revive()
        self._load()
        self.journal.mount()
        self.audit.mount()

    def open(self, permissions, grant_id):
        self.signals, self.door, self.attempts = Lamp(), Doorway(), Attempts(permissions, grant_id)
        self.menu = Menu(self, self, self.attempts)

    def enter(self, *entries):
        """What the lamp shows after the last of these entries, by name if it is an answer."""
        for text in entries:
            self.menu.enter(bytearray(text.encode() + b"\0" * (16 - len(text))), len(text), 0)
        names = [name for name in PATTERNS if PATTERNS[name] == self.signals.steps]
        return names[0] if names else self.signals.steps

    def revoked(self):
        """Ids of the grants that are, in memory and in the vault."""
        tables = self.config.grants, Config(*Vault(self.nvs).load()).grants
        lists = [[table.id(i) for i in range(len(table)) if table.revoked(i)] for table in tables]
        assert lists[0] == lists[1]
        return lists[0]

    def log(self):
        """What of the menu stands in the log: (kind, detail, grant, issuer)."""
        return [(each.kind, each.detail, each.grant, each.issuer) for each in self.audit.events()]


def installer():
    return Bench(SERVICE, INSTALLERS)


def test_battery_is_tenths_of_a_volt():
    for mv, shown in ((5840, 58), (5850, 59), (4949, 49), (6000, 60)):
        bench = installer()
        bench.battery.mv = mv
        assert bench.enter("1") == number(shown)
        assert bench.log() == [(USED_MENU, 1, INSTALLERS, 1)]


def test_clock_is_quality_and_class_of_uncertainty():
    for quality, uncertainty, shown in ((1, 2, 0), (1, 10, 0), (1, 11, 1), (STALE, 61, 2), (1, 3600, 3), (3, NEVER, 4)):
        bench = installer()
        bench.clock.quality, bench.clock.uncertainty = quality, uncertainty
        assert bench.enter("2") == number(quality) + PAUSE + number(shown) + PAUSE + number(25)


def test_a_frost_is_shown_with_a_zero_and_a_clock_that_does_not_answer_without_temperature():
    for quarters, shown in ((-2, 0), (-3, -1), (-40, -10), (1, 0), (2, 1)):
        bench = installer()
        bench.board.i2c.quarters = quarters
        assert bench.enter("2") == number(1) + PAUSE + number(0) + PAUSE + number(shown)
    bench.board.i2c.quarters = None
    assert bench.enter("2") == number(1) + PAUSE + number(0)


def test_refusals_are_the_newest_three_newest_first():
    bench = installer()
    for decision in (LATE, WRONG, OPENED, USED, ACCEPTED, EARLY):
        bench.logbook.entry(decision, 1, 9)
    shown = bench.enter("3")
    assert shown == PATTERNS["early"] + PAUSE + PATTERNS["used"] + PAUSE + PATTERNS["wrong"] + PAUSE


def test_a_refusal_that_was_only_counted_so_far_is_shown_too():
    bench = installer()
    bench.logbook.entry(BUDGET)
    assert bench.enter("3") == PATTERNS["later"] + PAUSE
    assert [each.decision for each in bench.audit.events() if each.kind == ENTRY] == [BUDGET]


def test_no_refusal_is_a_zero_also_without_a_log():
    bench = installer()
    bench.logbook.entry(OPENED, 1, 9)
    assert bench.enter("3") == number(0)
    bench.logbook = Logbook(None, None)
    assert bench.enter("3") == number(0)


def test_refusals_are_read_from_a_bounded_part_of_the_log():
    bench = installer()
    bench.logbook.entry(WRONG, 1, 9)
    for _ in range(180):
        bench.logbook.event(CALL)
    bench.nor.bytes_read = 0
    assert bench.enter("3") == number(0)
    assert bench.nor.bytes_read < 4 * 1024


def test_the_bolt_test_needs_the_permission_or_an_open_door():
    bench = installer()
    assert bench.enter("4") == "wrong" and bench.door.tests == 0 and bench.log() == []
    bench.door.closed = False
    assert bench.enter("4") == "busy" and bench.door.tests == 1
    bench.menu.follow(DRAWN, 9)
    assert bench.enter() == "accepted"
    bench = Bench(SERVICE | UNLOCK, INSTALLERS)
    assert bench.enter("4") == "busy" and bench.door.tests == 1
    assert bench.log() == [(USED_MENU, 4, INSTALLERS, 1)]


def test_a_bolt_that_fails_its_test_is_told_and_logged():
    bench = Bench()
    bench.enter("4")
    bench.menu.follow(JAMMED, 9)
    assert bench.enter() == "jammed"
    assert [each[0] for each in bench.log()] == [USED_MENU, JAM]


def test_only_the_end_of_a_test_is_answered():
    bench = Bench()
    bench.menu.follow(DRAWN, 9)
    assert bench.signals.steps == ()
    bench.enter("4")
    bench.menu.follow(RELOCKED, 9)
    assert bench.enter() == "busy"
    bench.menu.follow(DRAWN, 9)
    assert bench.enter() == "busy", "the door itself has said so"


def test_no_bolt_test_with_too_little_battery():
    bench = Bench()
    bench.door.battery_ok = False
    assert bench.enter("4") == "battery"
    bench.menu.follow(DRAWN, 9)
    assert bench.enter() == "battery"


def test_mute_is_for_good_until_it_is_taken_back():
    bench = installer()
    for muted in (True, False):
        assert bench.enter("5") == "accepted"
        assert bench.signals.mute == muted
        bench.boot()
        assert bench.config.mute == muted
        assert bench.state.generation == bench.vault.generation, "an older set would be known as such"
        bench.open(SERVICE, INSTALLERS)
    settings = json.loads(Vault(bench.nvs).load()[0])
    assert settings == GOOD


def test_settings_in_any_letters_outlive_the_switch():
    bench = installer()
    settings = dict(GOOD)
    settings["issuers"] = [[1, "B\u00e4ckerei \u2603", 1, 16]]
    bench.vault.replace(json.dumps(settings).encode(), GRANTS)
    for muted in (True, False):
        assert bench.enter("5") == "accepted"
        settings["mute"] = muted
        assert json.loads(bench.vault.load()[0]) == settings


def test_a_call_is_kept_for_the_radio():
    bench = installer()
    assert bench.enter("6") == "accepted"
    assert bench.memory.kept == 1
    assert bench.log() == [(CALL, 0, INSTALLERS, 1)]


def test_the_owner_ends_a_lockout():
    bench = Bench()
    bench.journal.write(bench.state.attempt(9, 17, 1000, 0, 0))
    assert not bench.config.budget.allows(9, bench.state, 1000)
    assert bench.enter("7") == "accepted"
    bench.boot()
    assert bench.state.bucket(9) == (10 * 28800, 1000)
    assert bench.log() == [(USED_MENU, 7, OWNERS, 0)]


def test_the_owner_revokes_a_grant():
    bench = Bench()
    assert bench.enter("81") == "accepted" and bench.revoked() == []
    assert bench.enter("70") == "accepted" and bench.revoked() == [70]
    bench.boot()
    assert bench.revoked() == [70]
    assert bench.log() == [(REVOCATION, 81, 70, 4)]


def test_the_owner_revokes_an_issuer():
    bench = Bench()
    assert bench.enter("82", "3") == "accepted" and bench.revoked() == [CODE, 2]
    assert bench.log() == [(REVOCATION, 82, 0, 3)]


def test_an_issuer_that_is_revoked_may_command_no_more_by_radio():
    bench = Bench()
    settings = dict(GOOD)
    settings["issuers"] = [[3, "parcels", UNLOCK, 40], [5, "gateway", OWNER, 0], [6, "B\u00e4cker", UNLOCK, 0]]
    bench.vault.replace(json.dumps(settings).encode(), GRANTS)

    def issuers():
        return [row[0] for row in json.loads(bench.vault.load()[0])["issuers"]]

    assert bench.enter("81", "70") == "accepted" and issuers() == [3, 5, 6]
    assert bench.enter("82", "3") == "accepted" and issuers() == [5, 6]
    assert bench.enter("82", "5") == "accepted" and issuers() == [6], "though it has made no grant"
    assert bench.enter("82", "5") == "wrong" and issuers() == [6]
    bench.boot()
    assert bench.revoked() == [CODE, 2, 70]
    assert bench.log() == [(REVOCATION, 81, 70, 4), (REVOCATION, 82, 0, 3), (REVOCATION, 82, 0, 5)]


def test_what_is_not_there_is_not_revoked_nor_what_the_owner_stands_on():
    bench = Bench()
    before = bench.vault.generation
    for entries in (("81", "71"), ("81", str(OWNERS)), ("81", "0"), ("81", "070"), ("82", "9")):
        assert bench.enter(*entries) == "wrong"
    assert bench.revoked() == [] and bench.log() == []
    bench.boot()
    assert bench.vault.generation == before


def test_the_owner_revokes_a_code_that_is_longer_than_any_function():
    bench = Bench()
    assert not bench.menu.takes(LONGEST + 1)
    assert bench.enter("83") == "accepted" and bench.menu.takes(9)
    assert bench.enter("123456789") == "accepted"
    assert bench.attempts.revoked == b"123456789"
    assert not bench.menu.takes(9), "the next code is a code again"
    assert bench.log()[-1] == (REVOCATION, 83, CODE, 3)


def test_a_guess_at_a_code_that_is_to_be_revoked_ends_the_menu():
    for known, attempt, stays in ((True, 2, True), (False, 2, False), (False, 0, True)):
        bench = Bench()
        bench.attempts.known, bench.attempts.number = known, attempt
        assert bench.menu.enter(bytearray(b"83" + bytes(14)), 2, 0) and bench.menu.asks_code
        assert bench.menu.enter(bytearray(b"123456789" + bytes(7)), 9, 0) == stays
        assert not bench.menu.asks_code
        assert bench.menu.enter(bytearray(b"99" + bytes(14)), 2, 0)


def test_one_menu_ends_after_so_many_entries_that_they_flush_no_log():
    bench = installer()
    stays = [bench.menu.enter(bytearray(b"1" + bytes(15)), 1, 0) for _ in range(MOST)]
    assert stays == [True] * (MOST - 1) + [False]
    assert len(bench.log()) == MOST


def test_a_code_that_is_not_revoked_says_why():
    for decision, answer in ((WRONG, "wrong"), (BUDGET, "later"), (USED, "used")):
        bench = Bench()
        bench.attempts.decision = decision
        assert bench.enter("83", "123456789") == answer
        assert [kind for kind, *_ in bench.log() if kind == REVOCATION] == []


def test_only_the_owner_changes_who_may_open():
    for function in ("7", "81", "82", "83"):
        bench = installer()
        assert bench.enter(function) == "wrong"
        assert not bench.menu.takes(9)
        bench.enter("3")
        assert bench.revoked() == []
        assert [kind for kind, *_ in bench.log()] == [USED_MENU]


def test_what_is_no_function_changes_nothing():
    for text in ("0", "8", "9", "00", "01", "84", "100", "99999", "00081"):
        bench = Bench()
        before = dict(bench.nvs.blobs), bytes(bench.nor.data)
        assert bench.enter(text) == "wrong"
        assert (dict(bench.nvs.blobs), bytes(bench.nor.data)) == before
        assert bench.menu.takes(len(text)) and not bench.menu.takes(9)


def test_an_argument_is_asked_for_once():
    bench = Bench()
    assert bench.enter("81", "71", "70") == "wrong"
    assert bench.revoked() == []


def test_a_vault_that_takes_no_new_set_leaves_the_old_one_and_says_so():
    bench = Bench()

    def refuse(key, buf):
        raise OSError(-4357)

    bench.nvs.set_blob = refuse
    assert bench.enter("81", "70") == "owner"
    assert bench.revoked() == []
    assert bench.enter("5") == "owner" and not bench.signals.mute
    assert KINDS[bench.log()[0][0]] == "fault" and len(bench.log()) == 1
    assert FAULT == bench.log()[0][0]


def cut_everywhere(power, tears, entries):
    """Yield a booted Bench for a cut at each operation of `power` (its attribute's name) while `entries` are typed."""
    for tear in tears:
        at = 1
        while True:
            bench = Bench()
            bench.journal.write(bench.state.attempt(9, 17, 1000, 0, 0))
            before = getattr(bench, power).ops
            getattr(bench, power).cut_at(at, tear)
            try:
                bench.enter(*entries)
                assert getattr(bench, power).ops < before + at
                break
            except PowerCut:
                pass
            bench.boot()
            yield bench
            at += 1


def test_a_cut_within_any_change_leaves_the_old_or_the_new():
    for power, tears in (("nvs", ("none", "byte", "all")), ("nor", ("none", "half", "all"))):
        seen = {}
        for name, entries in (("mute", ("5",)), ("grant", ("81", "70")), ("issuer", ("82", "3")), ("lockout", ("7",))):
            for bench in cut_everywhere(power, tears, entries):
                found = bench.config.mute, tuple(bench.revoked()), bench.state.bucket(9)[0]
                seen.setdefault(name, set()).add(found)
                assert bench.state.generation in (1, bench.vault.generation)
        old = (False, (), 17)
        if power == "nvs":
            assert seen == {
                "mute": {old, (True, (), 17)},
                "grant": {old, (False, (70,), 17)},
                "issuer": {old, (False, (CODE, 2), 17)},
            }
        else:  # the vault is written by then
            assert seen == {
                "mute": {(True, (), 17)},
                "grant": {(False, (70,), 17)},
                "issuer": {(False, (CODE, 2), 17)},
                "lockout": {old, (False, (), 288000)},
            }


def test_a_new_set_by_radio_ends_the_menu_of_the_judge_before():
    bench = Bench()
    session = Lamp()  # with a keypad, and all else that a renewed session has
    session.keypad, session.signals, session.menu = None, bench.signals, bench.menu
    session.attempts, session.door, session.visitor = Judge(), Doorway(), Visitor()
    session.visitor.session, session.visitor.judge = session, Judge()
    bench.load = lambda keypad, table: bench.boot()
    renew(bench, session, *leave(bench, session))
    assert session.attempts is session.visitor.judge and session.attempts.ready and session.menu is None


def test_a_set_from_before_a_revocation_is_known_as_older():
    bench = Bench()
    older = dict(bench.nvs.blobs)
    bench.enter("81", "70")
    bench.nvs.blobs = older
    bench.boot()
    assert bench.vault.generation < bench.state.generation
