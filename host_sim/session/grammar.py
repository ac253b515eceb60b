"""The lines of a session: one `Form` for each, which is at once its grammar, its help and an example.

A template is read word by word. Small letters stand for themselves, capitals for a field (`FIELDS`), and square
brackets hold what may be left out; the bracketed parts may come in any order. A field is kept under the word before
it: `issue LABEL as NAME` gives `{"issue": ..., "as": ...}`, and a bracket without a field gives True. Where two fields
follow each other the second is kept under its own name: `schedule NAME WINDOWS` gives `schedule` and `windows`.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from host_sim.session import fields, rights

FIELDS = {
    "TIME": fields.read_time,
    "DURATION": fields.read_duration,
    "COUNT": fields.read_count,
    "LABEL": fields.read_label,
    "NAME": fields.read_name,
    "WORD": fields.read_word,
    "TEXT": fields.read_text,
    "KEY": fields.read_key,
    "KEYS": fields.read_keys,
    "POWERS": rights.read_powers,
    "WINDOWS": rights.read_windows,
    "ZONE": rights.read_zone,
    "ANSWER": fields.one_of(*fields.ANSWERS),
    "EVENT": fields.one_of(*fields.EVENTS),
    "FAULT": fields.one_of(*fields.FAULT_WORDS),
    "BOLT": fields.one_of(*fields.BOLT_STATES),
    "DOOR": fields.one_of(*fields.DOOR_STATES),
    "COMMAND": fields.one_of(*fields.COMMANDS),
    "STATE": fields.one_of(*fields.COMMAND_STATES),
    "REASON": fields.one_of(*fields.REASONS),
}

_RIGHTS = "[may POWERS] [from TIME] [until TIME] [schedule NAME] [second LABEL] [by LABEL] [revoked]"


@dataclass(frozen=True)
class Form:
    """One kind of line.

    `name` is what the player knows it by, `template` its grammar, `example` such a line, `meaning` what it does.
    """

    name: str
    template: str
    example: str
    meaning: str

    @cached_property
    def required(self):
        """The words before the first bracket."""
        return self.template.split("[")[0].split()

    @cached_property
    def optional(self):
        """The words of each bracket, by its first word."""
        groups = [group.split() for group in re.findall(r"\[([^]]*)\]", self.template)]
        return {group[0]: group for group in groups}


SETUP = (
    Form("clock", "clock TIME", "clock 2026-03-02 08:00", "when the session begins; every session has this line"),
    Form(
        "interval",
        "grant LABEL interval [digits COUNT] [check] [sha256] [step DURATION] [offset DURATION] [serials COUNT] "
        "[before COUNT] [after COUNT] [early COUNT] [max-u DURATION] " + _RIGHTS,
        "grant lobby interval step 4h digits 8 check",
        "codes for windows of time; `before` and `after` are steps of grace, `early` the steps ahead that are told so",
    ),
    Form(
        "event",
        "grant LABEL event [digits COUNT] [check] [sha256] [window COUNT] " + _RIGHTS,
        "grant couriers event digits 8 check window 16",
        "codes one after the other, usable in any order within the window",
    ),
    Form(
        "number",
        "grant LABEL number WORD [last COUNT] [uses COUNT] [unpredictable COUNT] " + _RIGHTS,
        "grant parcel number 1Z999AA10123456784 last 10 uses 1",
        "a number chosen elsewhere, of which the last digits are typed as <LABEL>; `uses 0` is without limit",
    ),
    Form("owner", "owner WORD", "owner 482913375604", "the owner's code of 12 digits, typed as <owner>"),
    Form(
        "issuer",
        "issuer LABEL may POWERS quota COUNT",
        "issuer parcels may unlock,call quota 32",
        "an authority besides the owner: what its grants may allow, and how many codes it may have outstanding",
    ),
    Form(
        "gateway",
        "gateway LABEL",
        "gateway home",
        "the lock has a radio; this issuer, who may `owner`, runs the gateway, beside a broker without TLS",
    ),
    Form(
        "zone", "zone ZONE", "zone CET-1CEST,M3.5.0,M10.5.0/3", "local time, for schedules; UTC where nothing is said"
    ),
    Form(
        "schedule",
        "schedule NAME WINDOWS",
        "schedule office mon-fri 08:00-18:00 and sat 09:00-12:00",
        "hours of the week in local time, within which the grants open that name it",
    ),
    Form(
        "bucket",
        "bucket COUNT burst COUNT every DURATION",
        "bucket 9 burst 10 every 8h",
        "the budget of guesses at one typed length: so many at once, and one back after each duration",
    ),
    Form("setting", "setting NAME = WORD", "setting relock_s = 8", "one of the lock's settings, right or wrong"),
    Form("no settings", "settings missing", "settings missing", "a lock whose settings and grants are gone"),
    Form("no partition", "partition missing", "partition missing", "a chip without the partition for journal and log"),
    Form("partition", "partition sectors COUNT", "partition sectors 32", "a partition of so many sectors, not 64"),
)

ACTIONS = (
    Form("scene", "scene TEXT", "scene A window code opens once", "a heading for what follows"),
    Form(
        "issue",
        "issue LABEL as NAME [at TIME] [serial COUNT]",
        "issue lobby as morning at 2026-03-02 09:00",
        "make a code and name it: of an interval for the step at that time, of an event the next one",
    ),
    Form("wake", "wake", "wake", "press * if the lock sleeps, and wait until it is ready"),
    Form("type", "type KEYS", "type <morning>#", "press these keys one after the other"),
    Form("press", "press KEY and KEY together", "press 1 and 5 together", "two keys at the same moment"),
    Form("hold", "hold key KEY for DURATION", "hold key 5 for 20s", "keep one key down"),
    Form("wait", "wait DURATION", "wait 3s", "let time pass"),
    Form("wait until", "wait until TIME", "wait until 12:30", "let time pass up to a moment that is still to come"),
    Form("open door", "open door", "open door", "pull the door open; a locked bolt keeps it shut"),
    Form("close door", "close door", "close door", "push the door shut"),
    Form("jam bolt", "jam bolt", "jam bolt", "something blocks the bolt"),
    Form("free bolt", "free bolt", "free bolt", "nothing blocks the bolt any more"),
    Form("battery", "battery COUNT mV", "battery 4300 mV", "the voltage of the batteries from now on"),
    Form("cut power", "cut power", "cut power", "take the batteries out"),
    Form(
        "cut at",
        "cut power at flash operation COUNT",
        "cut power at flash operation 2",
        "power fails in the middle of the second program or erase from here",
    ),
    Form(
        "cut after",
        "cut power after flash operation COUNT",
        "cut power after flash operation 2",
        "power fails as soon as the second program or erase from here is done",
    ),
    Form("restore power", "restore power", "restore power", "put the batteries back"),
    Form(
        "hold maintenance",
        "hold maintenance key",
        "hold maintenance key",
        "keep the push button inside the door down: with that the console opens when power comes",
    ),
    Form("let go", "release maintenance key", "release maintenance key", "let go of it"),
    Form("set clock", "set clock TIME", "set clock 2026-03-02 07:00", "set the clock chip behind the lock's back"),
    Form(
        "misread clock",
        "misread clock TIME",
        "misread clock 2046-03-02 07:00",
        "the next reading of the clock chip says so, and no other",
    ),
    Form("stop clock", "stop clock", "stop clock", "the oscillator of the clock chip stops"),
    Form("start clock", "start clock", "start clock", "it runs on from where it stood"),
    Form("remove coin cell", "remove coin cell", "remove coin cell", "take the clock chip's own cell out"),
    Form("insert coin cell", "insert coin cell", "insert coin cell", "put it in"),
    Form("sync clock", "sync clock", "sync clock", "tell the sleeping lock the true time, over the cable"),
    Form(
        "command",
        "command COMMAND [for LABEL]",
        "command revoke for couriers",
        "the gateway queues a command: it goes out while the lock listens, or at its next check-in",
    ),
    Form("access point down", "access point down", "access point down", "the Wi-Fi is gone"),
    Form("access point up", "access point up", "access point up", "it is back"),
    Form(
        "damage",
        "damage flash sector COUNT",
        "damage flash sector 0",
        "clear bits all over one sector of the partition",
    ),
)

EXPECTATIONS = (
    Form(
        "answer",
        "expect answer ANSWER [within DURATION]",
        "expect answer opened",
        "light and buzzer said so since the last keys",
    ),
    Form(
        "shown",
        "expect number COUNT [within DURATION]",
        "expect number 58 within 20s",
        "light and buzzer have shown this number since the last keys, digit by digit",
    ),
    Form(
        "no answer",
        "expect no answer [within DURATION]",
        "expect no answer within 5s",
        "neither a light nor a sound since",
    ),
    Form("bolt", "expect bolt BOLT [within DURATION]", "expect bolt locked within 10s", "where the bolt is"),
    Form("door", "expect door DOOR [within DURATION]", "expect door open", "whether the door is open"),
    Form("openings", "expect openings COUNT", "expect openings 1", "how often the bolt has left its locked end so far"),
    Form(
        "log",
        "expect log EVENT [for LABEL] [by LABEL] [times COUNT] [within DURATION]",
        "expect log opened for lobby times 2",
        "the audit log in flash has this event, with `times` exactly so often",
    ),
    Form(
        "no log",
        "expect no log EVENT [for LABEL] [by LABEL] [within DURATION]",
        "expect no log opened for lobby",
        "the log does not have it",
    ),
    Form(
        "fault",
        "expect fault FAULT [in NAME] [within DURATION]",
        "expect fault settings in relock_s",
        "the newest fault in the log is this one, in this setting",
    ),
    Form(
        "check-in",
        "expect check-in REASON [within DURATION]",
        "expect check-in call within 10s",
        "since the last action the gateway has had a hello of the lock's for this reason",
    ),
    Form(
        "ended",
        "expect command STATE [within DURATION]",
        "expect command done within 10s",
        "so stands the newest command in the gateway's queue",
    ),
    Form("awake", "expect awake [within DURATION]", "expect awake", "the chip runs"),
    Form("asleep", "expect asleep [within DURATION]", "expect asleep within 30s", "the chip is in deep sleep"),
    Form(
        "console",
        "expect console [within DURATION]",
        "expect console within 5s",
        "the chip sits at its open console, for who held the maintenance key",
    ),
    Form("dark", "expect dark [within DURATION]", "expect dark", "the chip has no power"),
)

FORMS = SETUP + ACTIONS + EXPECTATIONS
SETUP_NAMES = frozenset(form.name for form in SETUP)
