"""Thousands of locks that come back to a broker at once: scripted ones, the real gateway and the real mosquitto.

Each lock checks in once; then a command is queued for each, each writes events, the broker is restarted, and all locks
connect in the same moment, again and again until they have been answered. No lock has the back-off and the jitter that
the firmware has: it is the worst that can happen.
"""

import asyncio
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from firmware.core.words import OPENED
from firmware.store.audit import ENTRY
from tools.bench.figures import AT_MOST, Figure
from tools.bench.scripted import ScriptedLock
from tools.gateway.keyfile import load
from tools.gateway.orders import order
from tools.gateway.store import Store

MOSQUITTO = Path(__file__).parents[2] / "build" / "mosquitto" / "mosquitto"

_LOG_KEY = bytes(range(18))
_EVENTS = 5
_PATIENCE_S = 120
_LONGEST_S = 300
_FILES = 16_384
_PINGRESP = 0xD0
_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
max_queued_messages 100
{user}"""


def swarm(locks=2000):
    """The figures of so many locks. Raises RuntimeError where mosquitto is missing or does not start."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_Swarm(Path(folder), locks).measure())


class _Swarm:
    def __init__(self, folder, count):
        self._folder = folder
        self._locks = [ScriptedLock(f"{number:016x}", _root(number), _LOG_KEY) for number in range(count)]
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port = free.getsockname()[1]
        self._keys = folder / "gateway.toml"
        self._turn = asyncio.Semaphore(count)

    async def measure(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))
        self._write_files()
        broker = self._start_broker()
        gateway = self._start_gateway()
        try:
            await self._all_check_in(100)
            self._queue()
            broker.terminate()
            broker.wait(_PATIENCE_S)
            broker = self._start_broker()
            self._wait_for_gateway(gateway, 2)
            begun = time.monotonic()
            await self._all_check_in(len(self._locks))
            await self._settled()
            took = time.monotonic() - begun
        finally:
            for process in (gateway, broker):
                process.terminate()
                process.wait(_PATIENCE_S)
        return self._figures(took)

    async def _settled(self):
        """Every result is with the gateway, or it does not come any more."""
        patience = time.monotonic() + _PATIENCE_S
        with closing(Store(load(self._keys).store)) as store:
            while store.one("SELECT 1 FROM command WHERE ended IS NULL") and time.monotonic() < patience:
                await asyncio.sleep(0.05)

    def _figures(self, took):
        count = len(self._locks)
        group = f"{count:,} locks at once after a restart of the broker, {_EVENTS} events and an unlock each"
        lost, twice, unsound = self._compare()
        return [
            Figure(group, "until the last is done", "s", took),
            Figure(group, "check-ins a second", "1/s", count / took),
            Figure(group, "lost", "pieces", lost, goal=(AT_MOST, 0)),
            Figure(group, "twice", "pieces", twice, goal=(AT_MOST, 0)),
            Figure(group, "alarms", "pieces", unsound, goal=(AT_MOST, 0)),
        ]

    def _compare(self):
        """(events and commands that are missing, those that are there twice, alarms)."""
        with closing(Store(load(self._keys).store)) as store:
            lost = twice = 0
            for lock in self._locks:
                held = [(row["body"], row["mac"]) for row in store.events(lock.id)]
                lost += len({(body, mac) for body, mac, _ in lock.log} - set(held)) + (not lock.done)
                twice += len(held) - len(set(held)) + len(lock.done[1:])
            lost += store.one("SELECT count(*) FROM command WHERE ended IS NULL")[0]
            return lost, twice, store.one("SELECT count(*) FROM alarm")[0]

    def _write_files(self):
        rows = [f'[broker]\nhost = "127.0.0.1"\nport = {self._port}\ninsecure = true\n']
        for number, lock in enumerate(self._locks):
            keys = f'epoch = 1\nroot = "{_root(number).hex()}"\nlog_key = "{_LOG_KEY.hex()}"\n'
            rows.append(f'[[lock]]\nid = "{lock.id}"\nlabel = "door {number}"\nissuer = 1\n{keys}')
        self._keys.write_text("\n".join(rows))
        self._keys.chmod(0o600)
        user = "user root\n" if os.geteuid() == 0 else ""
        text = _CONFIGURATION.format(port=self._port, folder=self._folder, user=user)
        (self._folder / "mosquitto.conf").write_text(text)

    def _start_broker(self):
        if not MOSQUITTO.exists():
            raise RuntimeError("mosquitto is missing: run `make mosquitto`")
        command = [MOSQUITTO, "-c", self._folder / "mosquitto.conf"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        patience = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
                return process
            except OSError as error:
                if process.poll() is not None or time.monotonic() > patience:
                    raise RuntimeError("mosquitto did not start") from error
                time.sleep(0.01)

    def _start_gateway(self):
        command = [sys.executable, "-u", "-m", "tools", "gateway", "run", "--keys", str(self._keys)]
        with open(self._folder / "gateway.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])
        self._wait_for_gateway(process, 1)
        return process

    def _wait_for_gateway(self, process, times):
        """Until it has connected so many times."""
        patience = time.monotonic() + _PATIENCE_S
        log = self._folder / "gateway.log"
        while log.read_bytes().count(b"connected") < times:
            if process.poll() is not None or time.monotonic() > patience:
                raise RuntimeError("the gateway did not connect:\n" + log.read_text())
            time.sleep(0.05)

    def _queue(self):
        for lock in self._locks:
            _write_events(lock)
        with closing(Store(load(self._keys).store)) as store, store.batch():
            for lock in self._locks:
                unlock = order(["unlock"])
                store.queue(lock.id, unlock.kind, unlock.text, unlock.shown, time.time() + _LONGEST_S)

    async def _all_check_in(self, at_once):
        """Every lock checks in, so many at a time, each until it has been answered."""
        self._turn = asyncio.Semaphore(at_once)
        async with asyncio.timeout(_LONGEST_S):
            await asyncio.gather(*map(self._check_in, self._locks))

    async def _check_in(self, lock):
        while True:
            try:
                async with self._turn, asyncio.timeout(_PATIENCE_S):
                    await _converse(lock, self._port)
                    return
            except (OSError, asyncio.IncompleteReadError):  # TimeoutError is an OSError
                continue


def _root(number):
    return struct.pack("<I", number + 1) * 8


def _write_events(lock):
    for _ in range(_EVENTS):
        lock.record(ENTRY, OPENED, grant=1)


async def _converse(lock, port):
    """One check-in, in as much of MQTT 3.1.1 as it takes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        name = _text(f"dropbolt-{lock.id}")
        writer.write(_packet(0x10, _text("MQTT") + b"\x04\x00\x00\x3c" + name))
        if not (await _read(reader))[1][0]:
            writer.write(_packet(0x82, b"\0\1" + _text(f"dropbolt/{lock.id}/down") + b"\1"))
            await _read(reader)
        said = lock.hello()
        while True:
            writer.write(b"".join(_packet(0x30, _text(f"dropbolt/{lock.id}/up/{lock.issuer}") + one) for one in said))
            if lock.over:
                break
            kind, body = await _read(reader)
            size = 2 + int.from_bytes(body[:2], "big")
            if kind & 6:
                writer.write(_packet(0x40, body[size : size + 2]))
                size += 2
            said = lock.take(body[size:])
        writer.write(_packet(0x30, _text(f"dropbolt/{lock.id}/up/{lock.issuer}") + lock.bye()) + b"\xc0\0")
        while (await _read(reader))[0] != _PINGRESP:  # then the broker has all that was said
            pass
        writer.write(b"\xe0\0")
        await writer.drain()
    finally:
        writer.close()


async def _read(reader):
    kind = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return kind, await reader.readexactly(size)


def _packet(kind, body):
    size, length = len(body), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([kind]) + length + bytes([size]) + body


def _text(text):
    return struct.pack(">H", len(text)) + text.encode()
