"""Reads `lock.toml`, and tells everything that is wrong with it at once, each with its line.

Keys, codes and numbers never stand in the file: provisioning makes them, or asks for them. What a value may be is the
firmware's to know: a grant is packed and a setting is read as the lock would, and what it says is told.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass

from firmware.core.admission import AdmissionError, admit
from firmware.core.bounds import GrantError, check_grants
from firmware.core.budget import Budget, BudgetError
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.words import NUMBER, REMOTE
from tools.config import check, fields, radio, schema
from tools.config.lines import Lines
from tools.log.files import read

_LIMIT = 1 << 20
_BYTES = {NUMBER: 16}
_APART = ("digits", "window", "serials", "offset")  # no other field of a code is judged by these
_NAMED = re.compile(r"(grant|issuer) (\d+): (.*)")


class ConfigErrors(ValueError):
    """The file makes no lock. errors: (line, text) each, in the order of the lines; the text tells all of them."""

    def __init__(self, errors):
        self.errors = sorted(set(errors))
        super().__init__("\n".join(f"line {line}: {text}" for line, text in self.errors))


@dataclass(frozen=True)
class LockFile:
    """What a file says. settings: by name, as the firmware reads them, without ids and keys. grants: keyword arguments
    of `pack_grant` each, without `key`. radio: settings of the radio without secrets, and `ca`; None: it has none."""

    settings: dict
    grants: tuple
    radio: dict | None = None

    @property
    def buckets(self):
        """(typed length, burst, refill in seconds) each."""
        return self.settings["buckets"]

    def table(self):
        """The grants with keys that open nothing, to compute with."""
        return Grants(b"".join(_trial(grant) for grant in self.grants))


def load(path, now):
    """The LockFile at `path` as of unix second `now`, by which a grant may be past.

    Raises ConfigErrors; OSError for a file that cannot be read or is longer than 1 MiB.
    """
    content = read(path, _LIMIT)
    try:
        return parse(content.decode("utf-8"), now)
    except UnicodeDecodeError as error:
        raise ConfigErrors([(content.count(b"\n", 0, error.start) + 1, "not UTF-8 text")]) from None


def parse(text, now=0):
    """The LockFile that `text` describes as of unix second `now`. Raises ConfigErrors."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
        what, line = (found[1], int(found[2] or len(text.splitlines()))) if found else (str(error), 1)
        raise ConfigErrors([(line, f"no TOML: {what[:1].lower()}{what[1:]}")]) from None
    except RecursionError:
        raise ConfigErrors([(1, "no TOML: nested too deeply")]) from None
    return _Reader(tables, Lines(text), now).lock_file()


def _trial(grant):
    size = _BYTES.get(grant["kind"], 20)
    return pack_grant(key=hashlib.sha256(b"%d" % grant["id"]).digest()[:size], **grant)


class _Reader:
    """One pass over the tables of a file, which notes what is wrong and goes on."""

    def __init__(self, tables, lines, now):
        self._tables = tables
        self._lines = lines
        self._now = now
        self._errors = []
        self._place_of = {}  # of a grant, by its id

    def lock_file(self):
        for name, value in self._tables.items():
            wanted = schema.SECTIONS.get(name)
            if wanted is None:
                self._unknown(name, schema.SECTIONS, name)
            elif wanted is list and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
                self._wrong(f"{name}: write [[{name}]] above each", name)
            elif wanted is dict and not isinstance(value, dict):
                self._wrong(f"{name}: write [{name}] above its lines", name)
        settings = self._settings()
        issuers = self._rows("issuer", schema.ISSUER, schema.ISSUER)
        buckets = self._rows("bucket", schema.BUCKET, schema.BUCKET)
        for row in (row for row in issuers if len(row) == len(schema.ISSUER)):
            for wrong in check.of_issuer([row[name] for name in schema.ISSUER]):
                self._placed(wrong)
        self._twice("issuer", issuers, "number", "label")
        self._twice("bucket", buckets, "length")
        grants = self._grants({row.get("label"): row.get("number") for row in issuers})
        rows = tuple((row["length"], row["burst"], row["refill"]) for row in buckets if len(row) == 3)
        self._check_buckets(buckets, rows, grants)
        settings["issuers"] = [[row.get(name) for name in schema.ISSUER] for row in issuers]
        settings["buckets"] = rows
        spoken = self._radio(issuers)
        if not self._errors and (wrong := check.of_settings(settings)):
            self._wrong(wrong, "settings")
        if not self._errors:
            self._admit(schema.DEFAULTS | settings, grants)
        if self._errors:
            raise ConfigErrors(self._errors)
        return LockFile(schema.DEFAULTS | settings, tuple(grants), spoken)

    def _settings(self):
        settings = self._section("settings", self._dict("settings"), schema.SETTINGS, ())
        for name, value in settings.items():
            if wrong := check.of_setting(name, value):
                self._wrong(wrong, "settings", 0, name)
        settings["schedules"] = []
        for name, value in self._schedules.items():
            rows = self._value("schedules", 0, name, fields.windows, value)
            if rows and (wrong := check.of_schedule(name, rows)):
                self._wrong(wrong, "schedules", 0, name)
            settings["schedules"].append(rows)
        return settings

    def _radio(self, issuers):
        """The radio's settings; None without them."""
        if not self._dict("radio"):
            return None
        found = self._section("radio", self._dict("radio"), radio.READERS, radio.REQUIRED)
        for key, text in radio.problems(found, issuers):
            self._wrong(f"{key}: {text}", "radio", 0, key)
        return None if self._errors else radio.settings(found, issuers)

    @property
    def _schedules(self):
        return self._dict("schedules")

    def _dict(self, name):
        value = self._tables.get(name, {})
        return value if isinstance(value, dict) else {}

    def _list(self, name):
        value = self._tables.get(name, [])
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

    def _rows(self, name, readers, required):
        return [self._section(name, row, readers, required, place) for place, row in enumerate(self._list(name))]

    def _section(self, table, row, readers, required, place=0):
        """The fields of one table as the firmware wants them; what is wrong with one is noted, and it is left out."""
        found = {}
        for key, value in row.items():
            if key in readers:
                self._value(table, place, key, readers[key], value, found)
            elif key in schema.SECRETS:
                self._wrong(f"{key}: keys and codes never stand in this file", table, place, key)
            else:
                self._unknown(key, readers, table, place)
        for key in required:
            if key not in row:
                self._wrong(f"{table}: {key} is missing", table, place)
        return found

    def _value(self, table, place, key, reader, value, found=None):
        try:
            meaning = reader(value)
        except fields.FieldError as error:
            self._wrong(f"{key}: {error}", table, place, key)
            return None
        if found is not None:
            found[key] = meaning
        return meaning

    def _grants(self, issuers):
        rows = self._list("grant")
        ids = {str(row.get("label")): row.get("id") for row in rows}
        packed = []
        grants = []
        for place, row in enumerate(rows):
            grant = self._grant(place, row, issuers, ids)
            if grant is None:
                continue
            self._place_of[grant["id"]] = place
            if self._sound(grant):
                packed.append(_trial(grant))
                grants.append(grant)
        self._twice("grant", rows, "id", "label")
        if len(packed) == len(rows) and not self._errors:
            try:
                check_grants(Grants(b"".join(packed)))
            except GrantError as error:
                self._placed(str(error))
        return grants

    def _sound(self, grant):
        """Whether a grant can be packed; what keeps it from it is noted, and hides no bound of another field."""
        try:
            _trial(grant)
            return True
        except GrantError as error:
            self._placed(str(error))
            key = next((key for key in _APART if f": {key} " in str(error) and key in grant), None)
        if key and grant["kind"] != NUMBER:
            self._sound({name: value for name, value in grant.items() if name != key})
        return False

    def _grant(self, place, row, issuers, ids):
        """The fields of a grant; None where those that are wrong leave nothing to judge the others by."""
        kind = row.get("kind")
        readers = schema.GRANT | schema.KINDS.get(kind, schema.ANY_KIND)
        strange = [key for key in row if key in schema.ANY_KIND and key not in readers]
        for key in strange:
            self._wrong(f"{key}: means nothing for a grant of kind {kind}", "grant", place, key)
        known = {key: value for key, value in row.items() if key not in strange}
        required = ("id", "label", "kind") + (("digits",) if kind == "number" else ())
        grant = self._section("grant", known, readers, required, place)
        whole = all(key in grant for key in (*required, *(key for key in known if key in readers)))
        self._name(grant, place, "issuer", issuers)
        self._name(grant, place, "schedule", {name: n for n, name in enumerate(self._schedules, 1)})
        self._name(grant, place, "second", ids | {schema.APPROVAL: REMOTE})
        return grant if whole else None

    def _check_buckets(self, buckets, rows, grants):
        before = len(self._errors)
        for place, row in enumerate(buckets):
            for key, value in row.items():
                if wrong := check.of_bucket(key, value):
                    self._wrong(wrong, "bucket", place, key)
        if len(rows) < len(buckets) or len(self._errors) > before:
            return  # a grant may want one of those
        for grant in grants:
            try:
                Budget(rows, Grants(_trial(grant)))
            except BudgetError as error:
                self._wrong(str(error), "grant", self._place_of[grant["id"]])

    def _admit(self, settings, grants):
        """What speaks against the set as a whole, but for the risk: that is told with its figures."""
        table = Grants(b"".join(_trial(grant) for grant in grants))
        try:
            admit(settings | {"risk_one_in": 1}, table, self._now)
        except AdmissionError as error:
            for text in error.complaints:
                self._placed(text)

    def _name(self, grant, place, key, numbers):
        """Put the number in place of the name that a grant has at `key`; none where there is no such name."""
        name = grant.get(key)
        if name is None:
            return
        if name not in numbers:
            what = {"second": "grant"}.get(key, key)
            self._wrong(f"{key}: there is no {what} {name!r}{fields.near(name, numbers)}", "grant", place, key)
        grant[key] = number if isinstance(number := numbers.get(name), int) else 0  # else it is told of elsewhere

    def _placed(self, text):
        """Note what the firmware says, at the line of the grant or issuer and the field that it names."""
        found = _NAMED.fullmatch(text)
        table, number = (found[1], int(found[2])) if found else ("grant", 0)
        rows = self._list(table)
        if table == "issuer":
            place = next((place for place, row in enumerate(rows) if row.get("number") == number), None)
        else:
            place = self._place_of.get(number)
        if place is None:
            self._wrong(text, "settings")
            return
        words = (name for name in rows[place] if found[3].startswith(name.replace("_", " ") + " "))
        self._wrong(text, table, place, next(words, ""))

    def _twice(self, table, rows, *keys):
        for key in keys:
            seen = set()
            for place, row in enumerate(rows):
                value = row.get(key)
                if isinstance(value, str | int) and value in seen:
                    self._wrong(f"{key}: {value!r} stands twice", table, place, key)
                elif isinstance(value, str | int):
                    seen.add(value)

    def _unknown(self, key, known, table, place=0):
        self._wrong(f"{key}: unknown{fields.near(key, known)}", table, place, key)

    def _wrong(self, text, table, place=0, key=""):
        self._errors.append((self._lines.of(table, place, key), text))
