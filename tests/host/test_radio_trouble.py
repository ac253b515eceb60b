"""Check-ins that come to nothing: what is then told, when it is tried again, and what it may cost."""

import pytest

from firmware.core.words import DURESS, UNLOCK
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import GRANTS, checked_in, next_check_in, radio_lock
from tools.protocol.messages import Bye, Events, Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
FORCED = {"label": "forced", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | DURESS}


def opens(lock, label="couriers"):
    """Whether a good code opens the door, which then locks itself."""
    before = lock.openings
    lock.wake()
    lock.type(lock.issue(label) + "#")
    found = lock.run_until(lambda: lock.openings > before, 3)
    assert lock.run_until(lambda: lock.bolt == "locked" and not lock.awake, 90)
    return found


def of_kind(lock, kind):
    return [event["detail"] for event in lock.log() if event["kind"] == kind]


def asleep(lock, seconds=120):
    assert lock.run_until(lambda: not lock.awake, seconds)


def hellos(lock, peer, seconds):
    """Seconds between the hellos of so long a time, the first counted from the last one before."""
    before = len(peer.issuers.of(Hello))
    lock.wait(seconds)
    times = [hello.t for hello in peer.issuers.of(Hello)][before - 1 :]
    return [b - a for a, b in zip(times, times[1:], strict=False)]


# What was not told


@BOTH
@pytest.mark.parametrize("rarely_s", [0, 86400])
def test_duress_is_told_again_until_it_is_heard(runtime, rarely_s):
    with radio_lock(runtime, {"rarely_s": rarely_s, "often_s": 86400}, [FORCED]) as (lock, peer):
        peer.issuers.silent = True
        said = len(peer.issuers.of(Hello))
        assert opens(lock, "forced")
        assert len(peer.issuers.of(Hello)) == said + 1
        waits = hellos(lock, peer, 4 * 3600)
        assert waits[0] < 60 + 20
        assert all(b < 2.3 * a + 60 for a, b in zip(waits, waits[1:], strict=False))
        assert 3240 < waits[-1] < 3700
        peer.issuers.silent = False
        assert checked_in(lock, peer, 3700)
        assert hellos(lock, peer, 7200) == []
        told = [record for events in peer.issuers.of(Events) for record in events.records]
        assert any(body[0] == 1 and body[23] & 1 for body, _ in told)


@BOTH
def test_nothing_is_seen_or_heard_at_the_door_of_check_ins_for_duress(runtime):
    seen = {}
    for label in ("couriers", "forced"):
        with radio_lock(runtime, {"rarely_s": 0}, [GRANTS[0], FORCED]) as (lock, peer):
            peer.issuers.silent = True
            answers, said = len(lock.answers), len(peer.issuers.of(Hello))
            assert opens(lock, label)
            lock.wait(150)
            peer.issuers.silent = False
            peer.issuers.order(1, m.IDENTIFY)
            lock.wait(600)
            seen[label] = [name for _, name in lock.answers[answers:]]
            assert (len(peer.issuers.of(Hello)) > said) == (label == "forced")
    assert peer.issuers.words() == [m.RETRY]
    assert seen["forced"] == seen["couriers"]


@BOTH
def test_duress_is_told_at_once_whatever_failed_before(runtime):
    with radio_lock(runtime, {"rarely_s": 0}, [FORCED]) as (lock, peer):
        lock.world.radio.access_point.up = False
        assert opens(lock, "forced")
        lock.wait(6 * 3600)
        asleep(lock)
        lock.world.radio.access_point.up = True
        said = len(peer.issuers.of(Hello))
        assert opens(lock, "forced")
        assert len(peer.issuers.of(Hello)) == said + 1


@BOTH
def test_a_lockout_that_was_not_told_is_told_as_its_budget_allows(runtime):
    with radio_lock(runtime, {"rarely_s": 0}) as (lock, peer):
        lock.wait(86400)
        peer.issuers.silent = True
        lock.wake()
        for counter in range(500, 512):
            lock.type(lock.issue("couriers", counter=counter) + "#")
            lock.wait(1)
        asleep(lock)
        waits = hellos(lock, peer, 2 * 86400)
        assert 2 <= len(waits) <= 5
        peer.issuers.silent = False
        lock.wait(86400)
        assert len(peer.issuers.of(Bye)) == 2
        assert hellos(lock, peer, 2 * 86400) == []


# Power


@BOTH
def test_a_loop_of_power_losses_checks_in_as_the_budget_allows(runtime):
    with radio_lock(runtime, {"rarely_s": 600}) as (lock, peer):
        said, before = len(peer.issuers.of(Hello)), len(lock.log())
        for _ in range(100 if runtime == "cpython" else 20):
            lock.cut_power()
            lock.wait(2)
            lock.restore_power()
            lock.wait(60)
        assert len(peer.issuers.of(Hello)) - said <= 1  # of two at once the first power-on has had one
        assert len(lock.log()) - before <= (100 if runtime == "cpython" else 20) + 4
        lock.wait(86400)
        assert len(peer.issuers.of(Hello)) - said > 1


@BOTH
def test_weak_batteries_keep_the_radio_off_whoever_calls(runtime):
    with radio_lock(runtime, {"rarely_s": 600}, [*GRANTS, FORCED]) as (lock, peer):
        asleep(lock)
        lock.battery(4300)  # the motor is not driven below 4400
        said, joins = len(peer.issuers.of(Hello)), lock.world.radio.joins
        lock.wait(7200)
        lock.wake()
        lock.type("0#")
        lock.wait(2)
        assert lock.answer == "battery"
        lock.type(lock.issue("forced") + "#")
        lock.wait(30)
        asleep(lock)
        assert (len(peer.issuers.of(Hello)), lock.world.radio.joins) == (said, joins)
        lock.cut_power()
        lock.wait(2)
        lock.restore_power()
        lock.wait(7200)
        assert (len(peer.issuers.of(Hello)), lock.world.radio.joins) == (said, joins)
        lock.battery(6000)
        next_check_in(lock, peer)
        assert len(peer.issuers.of(Hello)) == said + 1


# The chip and the firmware


BREAKS = {
    "no driver": ("firmware/board.py", "return network.WLAN(", "raise OSError\n        return (", 10),
    "no start": ("firmware/net/wifi.py", "wlan.active(True)", "raise OSError('WiFi Out of Memory')", 10),
    "no socket": ("firmware/board.py", "return socket.socket(", "raise OSError\n        return (", 10),
    "no memory": ("firmware/net/checkin.py", "self._await_reply()", "raise MemoryError", 11),
    "a mistake": ("firmware/net/checkin.py", "self._await_reply()", "self._mistaken()", 12),
    "no module": ("firmware/connecting.py", "from umqtt import simple", "from umqtt import gone as simple", 12),
    "no remote": ("firmware/remote.py", "self._moving = None\n", "raise KeyError(5)\n", 12),
    "no radio.py": ("firmware/radio.py", "from firmware.memory import", "from firmware.gone import", 12),
}


# on the VM each broken copy is linked anew, which takes its time
@pytest.mark.parametrize(
    ("runtime", "name"),
    [*[("cpython", name) for name in BREAKS], ("micropython", "no driver"), ("micropython", "a mistake")],
)
def test_whatever_breaks_in_a_check_in_the_radio_goes_off_and_the_keypad_serves(root, runtime, name):
    path, old, new, reason = BREAKS[name]
    text = (root / path).read_text()
    assert old in text, "has changed: nothing there to break"
    (root / path).write_text(text.replace(old, new, 1))
    with radio_lock(runtime, {"rarely_s": 600}, peer=False, root=root) as (lock, peer):
        lock.world.network.routes["10.0.0.2", 1883] = peer.end
        lock.wait(60)
        asleep(lock)
        assert lock.world.radio.state == "off"
        assert [detail for detail in of_kind(lock, "radio") if detail != 100] == [reason]
        assert opens(lock)
        boots = lock.boots
        lock.wait(86400)
        assert lock.boots - boots < 30  # it tries again, and ever more rarely
        assert of_kind(lock, "crash") == []
        assert [detail for detail in of_kind(lock, "radio") if detail != 100] in ([reason], [reason] * 2)


def test_an_error_of_the_driver_at_the_end_of_a_check_in_is_none_of_the_check_in(root):
    path, off = root / "firmware/radio.py", "self.wlan.active(False)"
    text = path.read_text()
    assert off in text, "has changed: nothing there to break"
    path.write_text(text.replace(off, off + "\n                raise RuntimeError('Wifi Unknown Error 0x3014')"))
    with radio_lock("cpython", {"rarely_s": 600, "often_s": 600}, root=root) as (lock, peer):
        assert max(hellos(lock, peer, 3600)) < 620
        assert [detail for detail in of_kind(lock, "radio") if detail != 100] == []


def test_a_call_for_which_the_lock_has_no_room_is_not_made_at_every_wake(root):
    (root / "firmware/exchange.py").write_text("raise MemoryError\n")
    with radio_lock("cpython", {"rarely_s": 0}, peer=False, root=root) as (lock, _):
        asleep(lock)
        lock.wake()
        lock.type("0#")
        lock.wait(2)
        asleep(lock)
        crashes = len(of_kind(lock, "crash"))
        assert crashes
        lock.wake()
        lock.wait(1)
        assert lock.awake
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.openings == 1, 3)


def test_what_breaks_at_the_keypad_in_a_check_in_is_a_crash_as_anywhere(root):
    path = root / "firmware/visitor.py"
    text = path.read_text()
    judge = "    def _judge(self, now):\n"
    assert judge in text, "has changed: nothing there to break"
    path.write_text(text.replace(judge, judge + "        self.gone()\n", 1))
    with radio_lock("cpython", {"rarely_s": 600}, peer=False, root=root) as (lock, peer):
        lock.world.network.routes["10.0.0.2", 1883] = peer.end
        peer.issuers.silent = True
        assert lock.run_until(lambda: len(peer.issuers.of(Hello)) == 1, 20)
        lock.type(lock.issue("couriers") + "#")
        lock.wait(5)
        asleep(lock)
        assert lock.world.radio.state == "off"
        assert len(of_kind(lock, "crash")) == 1


# What is worth telling


def _jam(lock):
    lock.jam()
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    lock.wait(10)
    lock.jam(False)


def _ajar(lock):
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
    lock.door("open")
    lock.wait(90)
    lock.door("closed")


def _weak(lock):
    lock.battery(4700)  # below 4800 the log says so, below 4400 the motor is not driven
    opens(lock)


def _lockout(lock):
    lock.wake()
    for counter in range(500, 512):
        lock.type(lock.issue("couriers", counter=counter) + "#")
        lock.wait(1)


@BOTH
@pytest.mark.parametrize("happens", [_jam, _ajar, _weak, _lockout])
def test_what_is_worth_telling_is_told_when_nobody_is_at_the_keypad_any_more(runtime, happens):
    with radio_lock(runtime, {"rarely_s": 0}) as (lock, peer):
        lock.wait(43200)  # a token for the one that the first power-on took
        said = len(peer.issuers.of(Hello))
        happens(lock)
        asleep(lock, 600)
        assert [hello.reason for hello in peer.issuers.of(Hello)[said:]] == [m.BY_EVENT]
        lock.wait(3 * 3600)
        assert len(peer.issuers.of(Hello)) == said + 1


@pytest.mark.parametrize(
    ("runtime", "rarely_s", "power", "banks"),
    [
        *[("cpython", rarely_s, power, banks) for rarely_s in (0, 3600) for power in (0, 1) for banks in ("ab", "cd")],
        ("micropython", 3600, 1, "ab"),
        ("micropython", 0, 0, "cd"),
    ],
)
def test_flash_that_fails_for_one_wake_does_not_silence_the_radio(runtime, rarely_s, power, banks, monkeypatch):
    with radio_lock(runtime, {"rarely_s": rarely_s}) as (lock, peer):
        nvs, boots, said = lock.world.nvs, lock.boots, len(peer.issuers.of(Hello))
        read = nvs.get_blob

        def failing(namespace, key):
            if key[0] in banks:
                raise OSError(-0x1101, "ESP_ERR_NVS_NOT_INITIALIZED")
            return read(namespace, key)

        with monkeypatch.context() as patch:
            patch.setattr(nvs, "get_blob", failing)
            if power:
                lock.cut_power()
                lock.wait(2)
                lock.restore_power()
            elif not rarely_s:
                lock.wake()
                lock.type("0#")
            assert lock.run_until(lambda: lock.boots > boots, 3700)
            lock.wait(2)
            asleep(lock)
            assert len(peer.issuers.of(Hello)) == said
        if rarely_s or power:
            assert checked_in(lock, peer, 7200)
        lock.wake()
        lock.type("0#")
        assert checked_in(lock, peer, 90)
        assert len([detail for detail in of_kind(lock, "radio") if detail == 101]) == (banks == "cd")


@BOTH
def test_an_ordinary_opening_asks_for_no_check_in_on_a_lock_that_is_called(runtime):
    with radio_lock(runtime, {"rarely_s": 0}) as (lock, peer):
        said = len(peer.issuers.of(Hello))
        assert opens(lock)
        lock.wait(86400)
        assert len(peer.issuers.of(Hello)) == said
