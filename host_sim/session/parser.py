"""From the text of a session to a `Session`, with every mistake found at once.

First each line is matched with the forms of `grammar`; then the whole is checked for what no line shows by itself:
set-up after the first action, names that are missing or given twice, set-up that contradicts itself.
"""

import difflib
from dataclasses import dataclass, field

from host_sim.session import checks
from host_sim.session.fields import FieldError
from host_sim.session.grammar import FIELDS, FORMS, SETUP_NAMES


@dataclass(frozen=True)
class Line:
    """One line of a session: its number from 1, its text, the name of its form and the fields by name."""

    number: int
    text: str
    form: str
    fields: dict


@dataclass(frozen=True)
class Session:
    """A whole session: `setup` describes the lock, `steps` are played in order."""

    name: str
    setup: tuple[Line, ...]
    steps: tuple[Line, ...]


@dataclass
class SessionError(Exception):
    """A text that is no session. `problems` are lines of `file:line: what is wrong`, all that were found."""

    problems: list[str] = field(default_factory=list)

    def __str__(self):
        return "\n".join(self.problems)


def parse(text, name="session"):
    """Read the text of a session; `name` stands for the file in messages. Raises `SessionError`."""
    lines, problems = [], []
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            lines.append(read_line(stripped, number))
        except FieldError as error:
            problems.append((number, str(error)))
    # A line that could not be read may be the one that others miss: then only the lines themselves are told of.
    problems += checks.order(lines) if problems else checks.order(lines) + checks.whole(lines)
    if problems:
        raise SessionError([f"{name}:{number}: {problem}" for number, problem in sorted(problems)])
    return Session(
        name,
        tuple(line for line in lines if line.form in SETUP_NAMES),
        tuple(line for line in lines if line.form not in SETUP_NAMES),
    )


def load(path, name=None):
    """Read the session in the file at `path`, called `name` or else by its path.

    Raises `SessionError`, also for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SessionError([f"{path}: {error.strerror if isinstance(error, OSError) else 'not UTF-8 text'}"]) from None
    return parse(text, name or str(path))


def read_line(text, number):
    """Match one line with the forms. Raises `FieldError` that says what was expected."""
    words = text.split()
    misses, reach = [], 0
    for form in FORMS:
        found, position, expected = _match(form, words)
        if expected is None:
            return Line(number, text, form.name, found)
        if position > reach:
            misses, reach = [], position
        if position == reach:
            misses.append((form, expected))
    if reach == 0:
        raise FieldError(_unknown(words[0]))
    here = f"found `{words[reach]}`" if reach < len(words) else "the line ends"
    expected = " or ".join(dict.fromkeys(expected for _, expected in misses))
    raise FieldError(f"expected {expected}, but {here}; as in `{misses[0][0].example}`")


def _unknown(word):
    known = sorted({form.required[0] for form in FORMS})
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown word `{word}`, expected one of {', '.join(known)}{hint}"


def _match(form, words):
    """Match `words` with `form`: (fields, how many words fitted, None or what was expected next)."""
    found, position, groups = {}, 0, dict(form.optional)
    group = form.required
    while True:
        position, expected = _match_group(group, words, position, found)
        if expected or position == len(words):
            return found, position, expected
        if words[position] not in groups:
            return found, position, " or ".join(f"`{word}`" for word in groups) or "the end of the line"
        group = groups.pop(words[position])


def _match_group(group, words, position, found):
    """Match the words of one part of a template; returns (new position, None or what was expected there)."""
    key = group[0]
    for part in group:
        if part not in FIELDS:
            if words[position : position + 1] != [part]:
                return position, f"`{part}`"
            key, position = part, position + 1
            continue
        try:
            name = part.lower() if key in found else key
            found[name], used = FIELDS[part](words[position:])
        except FieldError as error:
            return position, str(error)
        position += used
    if len(group) == 1:
        found[key] = True
    return position, None
