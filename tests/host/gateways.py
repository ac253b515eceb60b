"""A gateway and locks that only talk, with no broker between them; time stands still but for `wait`."""

import signal
import subprocess
import sys
from pathlib import Path

from freezegun import freeze_time

from firmware.core.words import OPENED
from firmware.net.messages import BY_TIMER
from firmware.store.audit import ENTRY
from tests.host.vm import ROOT as PROJECT
from tools.bench.scripted import ScriptedLock
from tools.gateway.gateway import Gateway
from tools.gateway.home import Home
from tools.gateway.keyfile import load
from tools.gateway.orders import order
from tools.gateway.store import Store

ID = "240ac4d00b010000"
ROOT = bytes(range(32))
LOG_KEY = bytes(range(100, 118))
BEGIN = "2026-11-22 10:00:00"


def scripted(events=0, id=ID, root=ROOT, log_key=LOG_KEY):
    """A ScriptedLock with so many events in its log."""
    lock = ScriptedLock(id, root, log_key)
    for _ in range(events):
        opened(lock)
    return lock


def opened(lock, **fields):
    """Somebody has opened the lock."""
    lock.record(ENTRY, OPENED, grant=2, **fields)


def key_file(folder, locks=1, home="off", host="127.0.0.1", broker="insecure = true", lock=(ID, ROOT, LOG_KEY)):
    """Write a key file for `lock`, the scripted one, and for others beside it; returns its path."""
    id, root, log_key = lock
    lines = ["[broker]", f'host = "{host}"', broker, "", "[gateway]", 'listen = "45s"', "clock_ms = 40", ""]
    for number in range(locks):
        lines += [
            "[[lock]] # behind the house" if number == 0 else "[[lock]]",
            f'id = "{int(id, 16) + number:016x}"',
            f'label = "door {number}"',
            "issuer = 1",
            "epoch = 1",
            f'root = "{root.hex()}"',
            f'log_key = "{log_key.hex()}"',
            f'home_assistant = "{home}"',
            "",
        ]
    path = Path(folder) / "gateway.toml"
    path.write_text("\n".join(lines))
    path.chmod(0o600)
    return path


class Running:
    """`gateway run` as a process of its own."""

    def __init__(self, path):
        self._path = path
        self.start()

    def start(self):
        """Start it, and wait until it is connected."""
        command = [sys.executable, "-u", "-m", "tools", "gateway", "run", "--keys", str(self._path)]
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.wait_for("connected")

    def wait_for(self, text):
        """Read what it prints up to a line with this text; returns the line."""
        said = []
        for line in self._process.stdout:
            said.append(line)
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}:\n" + "".join(said))

    def end(self, how=signal.SIGTERM):
        """End it; returns its status."""
        self._process.send_signal(how)
        self._process.stdout.read()
        self._process.stdout.close()
        return self._process.wait(150)


class End:
    """The gateway over a key file, in a `with`. lines: (word, text) of what it has shown. published: all of outbox."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        self.published = []
        self._frozen = freeze_time(BEGIN, ignore=["_pytest.timing"])

    def __enter__(self):
        self._clock = self._frozen.start()
        self.start()
        return self

    def __exit__(self, *_):
        self.store.close()
        self._frozen.stop()

    def start(self):
        """Have it begin, from what is on disk."""
        keys = load(self.path)
        self.store = Store(keys.store)
        self.gateway = Gateway(keys, self.store, lambda _, word, text: self.lines.append((word, text)), Home())

    def crash(self):
        """It ends without a word, and begins anew."""
        self.store.close()
        self.start()

    def wait(self, seconds):
        """Let time pass."""
        self._clock.tick(seconds)

    def move_to(self, when):
        """Set the computer's clock."""
        self._clock.move_to(when)

    def hear(self, message, id=ID, topic=None, retained=False):
        """The gateway gets one message."""
        with self.store.batch():
            self.gateway.receive(topic or f"dropbolt/{id}/up/1", message, retained)

    def said(self):
        """What the gateway says now, on the lock's topic."""
        with self.store.batch():
            self.gateway.tick()
        said, self.gateway.outbox[:] = list(self.gateway.outbox), []
        self.published += said
        return [message for topic, message, _, _ in said if topic.endswith("/down")]

    def send(self, *words, within=None):
        """Queue a command; returns its number."""
        with self.store.batch():
            hello = self.store.lock(ID)["hello"]
            return self.gateway.queue(self.gateway.keys.locks[ID], order(list(words), hello, within))

    def begin(self, lock, reason=BY_TIMER):
        """The lock's hello and events arrive."""
        for message in lock.hello(reason):
            self.hear(message, lock.id)

    def go_on(self, lock):
        """Messages go to and fro until nobody has anything to say."""
        while down := self.said():
            for message in down:
                for up in lock.take(message):
                    self.hear(up, lock.id)

    def check_in(self, lock, reason=BY_TIMER):
        """A whole check-in."""
        self.begin(lock, reason)
        self.wait(0.4)
        self.go_on(lock)
        self.hear(lock.bye(), lock.id)
        self.said()
        self.wait(60)

    def state(self, number):
        """How a command of the queue stands."""
        return self.store.command(number).state

    def alarms(self):
        """The words of all alarms, in order."""
        return [row["word"] for row in self.store.all("SELECT word FROM alarm ORDER BY number")]
