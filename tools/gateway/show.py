"""What happens, as lines and tables for a terminal."""

from datetime import UTC, datetime
from functools import partial

from rich.text import Text

from firmware.net.messages import HELLO
from firmware.store.audit import Event
from tools.console import table
from tools.log.words import event_words
from tools.protocol.messages import RESULTS, read

_STYLES = {
    "alarm": "bold red",
    "duress": "bold white on red",
    "failed": "red",
    "result": "green",
    "event": "cyan",
    "broker": "yellow",
    "key file": "yellow",
}
_table = partial(table, numbers=("number", "mV", "log", "waiting", "alarms", "times"))
_BOLT = ("between", "locked", "unlocked", "in contradiction")


class Lines:
    """Prints a line for each thing that happens; in colours, which take ten times as long, on a terminal alone."""

    def __init__(self, console):
        self._console = console

    def __call__(self, who, word, text):
        at = datetime.now().strftime("%H:%M:%S")
        if not self._console.is_terminal:
            print(f"{at}  {who:<16} {word:<9} {text}", file=self._console.file, flush=True)
            return
        line = Text.assemble((at, "bright_black"), "  ", (f"{who:<16} ", "bold"))
        line.append(f"{word:<9} {text}", _STYLES.get(word, ""))
        self._console.print(line, soft_wrap=True)


def locks(keys, store):
    """Every lock of the KeyFile as it last said."""
    made = _table("Locks", "lock", "id", "heard, UTC", "bolt", "door", "mV", "log", "waiting", "alarms")
    for lock in keys.locks.values():
        row = store.lock(lock.id)
        hello = read(HELLO, row["hello"]) if row["hello"] else None
        said = ("never", "", "", "")
        if hello:
            bolt = "jammed" if hello.door & 8 else _BOLT[hello.door & 3]
            said = (when(row["heard"]), bolt, "closed" if hello.door & 4 else "open", str(hello.millivolts))
        alarms = store.one("SELECT count(*) FROM alarm WHERE lock = ? AND NOT seen", lock.id)[0]
        counts = (row["have"], len(store.open_commands(lock.id)), alarms)
        made.add_row(lock.label, lock.id, *said, *map(str, counts), style="red" if alarms else "")
    return made


def commands(keys, rows):
    """Commands of the queue, as Store has them."""
    made = _table("Commands", "number", "lock", "command", "queued, UTC", "state", "result")
    for row in rows:
        result = ": ".join(text for text in (RESULTS.get(row["word"]), row["detail"]) if text)
        label = keys.locks[row["lock"]].label if row["lock"] in keys.locks else row["lock"]
        made.add_row(str(row["number"]), label, row["shown"], when(row["made"]), row["state"], result)
    return made


def alarms(keys, rows):
    """Alarms, as Store has them."""
    made = _table("Alarms", "number", "lock", "first, UTC", "last, UTC", "times", "alarm")
    for row in rows:
        label = keys.locks[row["lock"]].label if row["lock"] in keys.locks else row["lock"]
        said = Text(f"{row['word']}: {row['text']}")
        made.add_row(str(row["number"]), label, when(row["first"]), when(row["last"]), str(row["count"]), said)
    return made


def events(rows):
    """Events of a lock's log, as Store has them."""
    made = _table("Log, oldest first", "number", "time, UTC", "what", "grant", "more", "verdict")
    for row in rows:
        said = event_words(Event(row["body"], row["mac"], row["sector"]))
        made.add_row(str(row["number"]), *said, row["verdict"], style="red" if row["verdict"] else "")
    return made


def when(t):
    """A unix time as UTC."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S")
