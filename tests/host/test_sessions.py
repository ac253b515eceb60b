"""The session format: what a line means, and that every mistake is told of, at once, with its place."""

import re
from pathlib import Path

import pytest

from host_sim.session import fields
from host_sim.session.fields import CodeOf, DayTime, Guess, Literal, utc_text
from host_sim.session.grammar import FORMS
from host_sim.session.parser import SessionError, load, parse, read_line
from host_sim.session.player import play
from host_sim.session.setup import lock_config

ROOT = Path(__file__).parents[2]
HEAD = "clock 2026-03-02 08:00\ngrant lobby interval step 4h digits 8 check\ngrant couriers event\n"


def problems(text):
    with pytest.raises(SessionError) as caught:
        parse(text, "x.txt")
    return caught.value.problems


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_example_is_a_line_of_its_own_form(form):
    assert read_line(form.example, 1).form == form.name


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_form_is_in_the_manual(form):
    manual = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    assert f"`{form.template}`" in manual.replace("\\|", "|")
    assert f"`{form.example}`" in manual


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("ANSWER", fields.ANSWERS),
        ("EVENT", fields.EVENTS),
        ("FAULT", fields.FAULT_WORDS),
        ("COMMAND", fields.COMMANDS),
        ("STATE", fields.COMMAND_STATES),
        ("REASON", fields.REASONS),
    ],
)
def test_every_word_of_a_field_is_in_the_manual(field, words):
    manual = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{field}` \| (.*) \| `[^|]*` \|$", manual, re.MULTILINE)[1]
    assert [word for word in words if f"`{word}`" not in row] == []


@pytest.mark.parametrize("page", ["docs/simulator.md", "README.md"])
def test_sessions_in_the_manual_go_as_they_say(page):
    examples = re.findall(r"```session\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        assert [step.problem for step in play(parse(example), "cpython") if not step.ok] == []


def test_setup_and_steps_keep_their_lines_and_comments_are_nothing():
    session = parse("# a day\n\n" + HEAD + "\nwake\n  type 12#\n")
    assert [line.form for line in session.setup] == ["clock", "interval", "event"]
    assert [(line.number, line.text) for line in session.steps] == [(7, "wake"), (8, "type 12#")]


def test_optional_parts_come_in_any_order():
    one = read_line("grant lobby interval step 4h digits 8 check", 1)
    other = read_line("grant lobby interval check digits 8 step 4h", 1)
    assert one.fields == other.fields == {"grant": "lobby", "step": 14400, "digits": 8, "check": True}


def test_keys_and_codes_are_told_apart():
    keys = read_line("type 1*<a><b with digit 3 wrong><random 9 digits>#", 1).fields["type"]
    assert keys == (Literal("1*"), CodeOf("a"), CodeOf("b", 3), Guess(9), Literal("#"))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("mon-fri 08:00-18:00", [[31, 480, 1080]]),
        ("mon,wed 08:00-09:00 and sat,sun 10:00-24:00", [[5, 480, 540], [96, 600, 1440]]),
        ("fri-mon 00:00-00:30", [[113, 0, 30]]),
        ("daily 00:00-24:00", [[127, 0, 1440]]),
        ("sun,tue 22:00-06:00", [[66, 1320, 1440], [5, 0, 360]]),
        ("sun 22:00-00:00", [[64, 1320, 1440]]),
    ],
)
def test_schedules(text, rows):
    assert read_line(f"schedule office {text}", 1).fields == {"schedule": "office", "windows": rows}


def test_what_a_session_says_of_grants_is_what_the_lock_gets():
    config = lock_config(
        parse(
            "clock 2026-03-02 08:00\nzone EST5EDT,M3.2.0,M11.1.0\nschedule night daily 22:00-06:00\n"
            "schedule office mon-fri 08:00-18:00\nissuer parcels may unlock quota 9\n"
            "issuer firm may unlock,duress quota 40\n"
            "grant door interval step 1h max-u 5min second desk by firm schedule office may unlock,duress\n"
            "grant desk event may approve\ngrant parcel number 12345678901 last 10 unpredictable 8 second approval\n"
            "grant old event revoked\nsetting hold_s = 60\n"
        )
    )
    door, desk, parcel, old = config.grants
    assert (door["max_u"], door["second"], door["issuer"], door["schedule"], door["permissions"]) == (300, 2, 2, 2, 9)
    assert desk["permissions"] == 32
    assert (parcel["unpredictable"], parcel["second"], parcel["number"]) == (8, 0xFFFF, "2345678901")
    assert old["revoked"]
    assert config.settings == {
        "zone": "EST5EDT,M3.2.0,M11.1.0",
        "schedules": [[[127, 1320, 1440], [127, 0, 360]], [[31, 480, 1080]]],
        "issuers": [[1, "parcels", 1, 9], [2, "firm", 9, 40]],
        "hold_s": 60,
    }


@pytest.mark.parametrize(
    ("text", "seconds"), [("90ms", 0.09), ("3s", 3), ("15min", 900), ("8h", 28800), ("2d", 172800), ("1.5s", 1.5)]
)
def test_durations(text, seconds):
    assert read_line(f"wait {text}", 1).fields["wait"] == seconds


def test_times_with_and_without_a_day():
    monday = 1772409600
    assert read_line("wait until 2026-03-02 12:30", 1).fields["until"] == DayTime(monday, 45000)
    later_that_day = read_line("wait until 12:30:05", 1).fields["until"]
    assert later_that_day == DayTime(None, 45005)
    assert utc_text(later_that_day.unix(monday + 100)) == "2026-03-02 12:30:05"


def test_all_mistakes_are_told_at_once_with_file_and_line():
    told = problems(HEAD + "wake\ntipe 12#\nwait three\nclock 2026-03-02 09:00\nexpect answer open\n")
    assert [line.split(" ")[0] for line in told] == ["x.txt:5:", "x.txt:6:", "x.txt:7:", "x.txt:8:"]
    assert "unknown word `tipe`" in told[0] and "did you mean `type`?" in told[0]
    assert "expected a duration such as 3s" in told[1] and "found `three`" in told[1]
    assert "set-up must come before the first action (line 4)" in told[2]
    assert "opened" in told[3]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("wait", "expected a duration such as 3s, 90ms, 15min, 8h or 2d or `until`, but the line ends"),
        ("wait 3s long", "expected the end of the line, but found `long`"),
        ("wait 0s", "a duration longer than nothing"),
        ("open window", "expected `door`, but found `window`"),
        ("type", "keys such as 1234#"),
        ("type 12a#", "keys such as 1234#"),
        ("type <morning", "keys such as 1234#"),
        ("type <random 17 digits>", "from 1 to 16 random digits"),
        ("type <couriers with digit 0 wrong>", "the place of a digit, counted from 1"),
        ("type <two words>", "in angle brackets"),
        ("press 1 and A together", "one of the keys"),
        ("wait until 2026-02-30 08:00", "a date of the calendar"),
        ("wait until 24:00", "a time of the day"),
        ("expect bolt half", "one of locked, unlocked, between"),
        ("expect log opened from couriers", "expected `for` or `by` or `times` or `within`"),
        ("battery low mV", "a whole number"),
        ("issue lobby as Morning", "a name of small letters"),
        ("issuer parcels may unlock,fly quota 3", "permissions such as unlock,hold-open, out of unlock, hold-open"),
        ("issuer parcels may unlock", "`quota`"),
        ("schedule office", "days and hours such as mon-fri 08:00-18:00"),
        ("schedule office mon-fri", "days and hours such as mon-fri 08:00-18:00"),
        ("schedule office monday 08:00-18:00", "days such as mon-fri, sat,sun or daily, but found `monday`"),
        ("schedule office mon 08:00-24:30", "hours such as 08:00-18:00, up to 24:00"),
        ("schedule office mon 08:00-08:00", "hours such as 08:00-18:00"),
        ("zone Europe/Berlin", "a POSIX time zone such as CET-1CEST,M3.5.0,M10.5.0/3: expected a number from 0 to 24"),
    ],
)
def test_a_wrong_line_says_what_was_expected(line, expected):
    (told,) = problems(HEAD + "wake\n" + line + "\n")
    assert told.startswith("x.txt:5: ")
    assert expected in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.txt:1: an empty session"),
        ("wake\n", "x.txt:1: expected a line `clock TIME`"),
        ("clock 08:00\n", "x.txt:1: the clock needs a date"),
        (HEAD + "clock 2026-03-02 09:00\n", "x.txt:4: the clock is already set on line 1"),
        (HEAD + "grant lobby event\n", "x.txt:4: the grant `lobby` is already given on line 2"),
        (HEAD + "grant a-label-too-long event\n", "x.txt:4: expected a label of at most 12 characters"),
        (HEAD + "bucket 9 burst 1 every 8h\nbucket 9 burst 2 every 8h\n", "x.txt:5: the bucket of length 9 is already"),
        (HEAD + "settings missing\nsetting relock_s = 8\n", "x.txt:5: the settings are missing, by line 4"),
        (HEAD + "setting relock_s = 8\nsettings missing\n", "x.txt:4: the settings are missing, by line 5"),
        (HEAD + "partition missing\npartition sectors 32\n", "x.txt:5: the partition is already given"),
        (HEAD + "owner 1234\n", "x.txt:4: the owner's code must be 12 digits"),
        (HEAD + "grant parcel number AB123 last 8\n", "x.txt:4: expected a number with at least 8 digits"),
        (HEAD + "grant g event from 2026-03-03 00:00 until 2026-03-02 00:00\n", "x.txt:4: `until` must be later"),
        (HEAD + "grant g event digits 10\n", "digits 10, must be 6 to 9"),
        (HEAD + "grant g event from 08:00\n", "x.txt:4: `from` needs a date"),
        (HEAD + "type <morning>#\n", "x.txt:4: no code is named `morning` by here"),
        (HEAD + "issue office as morning\n", "x.txt:4: there is no grant `office` to issue from"),
        (HEAD + "issue lobby as a\nissue lobby as a\n", "x.txt:5: the name `a` is already given"),
        (HEAD + "issue couriers as a serial 1\n", "x.txt:4: `serial` is for interval grants"),
        (HEAD + "issue lobby as a serial 1\n", "x.txt:4: serial 1 of `lobby`, which has 1"),
        (HEAD + "bucket 9 burst 10 every 8h\n", "x.txt:4: buckets: typed length 8 of grant couriers has no bucket"),
        (
            HEAD + "grant other event digits 9\n",
            "x.txt:4: grant other: 9 digits typed as grant lobby, check digit in one",
        ),
        (HEAD + "expect log opened for office\n", "x.txt:4: there is no grant `office`"),
        (HEAD + "expect log opened by parcels\n", "x.txt:4: there is no issuer `parcels`"),
        (HEAD + "grant g event by parcels\n", "x.txt:4: there is no issuer `parcels`"),
        (HEAD + "grant g event schedule office\n", "x.txt:4: there is no schedule `office`"),
        (HEAD + "grant g event second h\n", "x.txt:4: there is no grant `h` to come second"),
        (HEAD + "grant g event second lobby\n", "grant g: second part 1 is not a grant that approves by itself"),
        (HEAD + "grant g interval step 30s max-u 90ms\n", "x.txt:4: `max-u` must be whole seconds"),
        (HEAD + "zone UTC0\nsetting zone = UTC0\n", "x.txt:5: the setting `zone` is already given on line 4"),
        (HEAD + "issuer a may unlock quota 1\nissuer a may call quota 1\n", "x.txt:5: the issuer `a` is already"),
        (HEAD + "schedule a mon 08:00-09:00\nschedule a tue 08:00-09:00\n", "x.txt:5: the schedule `a` is already"),
    ],
)
def test_what_no_line_shows_by_itself(text, expected):
    assert any(expected in told for told in problems(text))


def test_a_set_that_is_not_admitted_is_told_where_it_is_wrong():
    told = problems(
        HEAD
        + "issuer firm may unlock,call quota 8\n"
        + "schedule office mon 08:00-18:00\n"
        + "grant drop event may hold-open,unlock by firm\n"
        + "grant late event until 2026-03-01 00:00\n"
        + "grant tuesday event schedule office from 2026-03-03 00:00 until 2026-03-04 00:00\n"
        + "grant six event digits 6\n"
        + "grant a number 1234567890\ngrant b number 991234567890 last 10\n"
    )
    assert told == [
        "x.txt:4: issuer firm: 16 codes outstanding, quota 8",
        "x.txt:6: grant drop: permissions that issuer firm has not: hold open",
        "x.txt:7: grant late: valid until lies in the past",
        "x.txt:8: grant tuesday: schedule office is closed for as long as the grant is valid",
        "x.txt:11: grant b: same number as grant a: one code would be of both",
        "x.txt:11: risk: a stranger opens with a chance of 3.8e-03 a year, above 1 in 1000",
    ]


@pytest.mark.parametrize("line", ["setting issuers = 5", "setting relock_s = 0", "setting zone = 5"])
def test_a_setting_that_the_lock_refuses_is_left_to_it(line):
    assert len(parse(HEAD + line + "\n").setup) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("setting issuers = [[1]]", "x.txt:3: issuers: row 1 must be [number, label, permissions, quota]"),
        ('setting issuers = [[1,"a",0,1]]', "x.txt:3: issuer 1: permissions 0, must be 1 to 127"),
        ("setting zone = nowhere", "x.txt:3: zone: expected a number from 0 to 24 at place 8"),
    ],
)
def test_a_setting_that_only_admission_looks_at_is_told(line, told):
    assert problems(HEAD + line + "\n") == [told]
    assert len(problems("clock 2026-03-02 08:00\n" + line + "\n")) == 1


def test_a_file_that_cannot_be_read_is_said_so(tmp_path):
    with pytest.raises(SessionError, match="missing.txt: No such file"):
        load(tmp_path / "missing.txt")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(SessionError, match="not UTF-8 text"):
        load(binary)


def test_the_mistakes_in_the_manual_are_told_in_its_words():
    manual = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
    shown = re.findall(r"^night\.txt:(\d+: (?:unknown|expected a|no) .+)$", manual, re.MULTILINE)
    night = "\nclock 2026-03-02 08:00\ngrant couriers event\n{}\n\n\n{}\n\ntype <morning>#\n"
    told = problems(night.format("tipe 1#", "wait three")) + problems(night.format("", ""))
    for words, problem in zip(shown, told, strict=True):
        pattern = ".*".join(re.escape(part) for part in words.split("..."))
        assert re.fullmatch(f"x.txt:{pattern}", problem)
