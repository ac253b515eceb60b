"""The table of a raw dump: what a day left in it, and that nothing a file can hold stops the reader."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from firmware.store.audit import REVOCATION, SERVICE, Audit, Event
from host_sim import cli as simulator
from host_sim.devices import FlashDevice
from host_sim.lock import Lock, LockConfig
from host_sim.world.flash import NorFlash
from tools.cli import app
from tools.log import dump, partition
from tools.log.cli import UNREADABLE
from tools.log.words import event_words, state_words

DAY = Path(__file__).parents[1] / "scenarios/demo_day.txt"
GRANTS = [{"label": "couriers", "kind": "event", "digits": 8, "check": True}]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """The partition after the demo day."""
    folder = tmp_path_factory.mktemp("day")
    done = CliRunner().invoke(simulator.app, ["play", str(DAY), "--dump", str(folder / "new")])
    assert done.exit_code == 0
    return folder / "new" / "locklog.bin"


def shown(path, *more):
    done = CliRunner().invoke(app, ["log", "dump", str(path), *more])
    assert done.exit_code == 0, done.output
    return done.output


def lines(text, *words):
    return [line for line in text.splitlines() if all(word in line for word in words)]


def test_a_day_is_told_record_by_record(day):
    text = shown(day)
    assert len(lines(text, "newest")) == 2
    assert lines(text, " 1 to 15", "journal", "blank")
    assert lines(text, "burn", "grant 1 serial 0")
    assert lines(text, "outcome", "used")
    assert lines(text, "opened", "2026-03-02 08:04:02", "attempt 1")
    assert lines(text, " cut ")


def test_a_configuration_gives_the_names(tmp_path):
    session = Path(__file__).parents[1] / "scenarios/issuers_apart.txt"
    assert CliRunner().invoke(simulator.app, ["play", str(session), "--dump", str(tmp_path)]).exit_code == 0
    grant = '[[grant]]\nid = {}\nlabel = "{}"\nkind = "event"\ncheck = true\nissuer = "{}"\n'
    issuer = '[[issuer]]\nnumber = {}\nlabel = "{}"\npermissions = ["unlock"]\nquota = 40\n'
    config = tmp_path / "lock.toml"
    config.write_text(
        issuer.format(1, "parcels")
        + issuer.format(2, "cleaners")
        + grant.format(1, "drops", "parcels")
        + grant.format(2, "cellar", "cleaners")
        + '[[bucket]]\nlength = 9\nburst = 10\nrefill = "8h"\n'
    )
    text = shown(tmp_path / "locklog.bin", "--config", str(config))
    assert len(lines(text, "opened", "drops (1)", "issuer parcels (1)")) == 1
    assert len(lines(text, "used", "cellar (2)", "issuer cleaners (2)")) == 1
    config.write_text("[[grant]]\n")
    done = CliRunner().invoke(app, ["log", "dump", str(tmp_path / "locklog.bin"), "--config", str(config)])
    assert done.exit_code == UNREADABLE
    assert "lock.toml:1: grant: id is missing" in done.stderr


def test_every_rotation_is_told():
    with Lock(config=LockConfig(grants=GRANTS)) as lock:
        for _ in range(60):
            lock.wake()
            lock.type(lock.issue("couriers") + "#")
            assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
            lock.wait(30)
        sectors = partition.sectors(lock.flash)
    journal = [sector for sector in sectors if sector.ring == partition.JOURNAL and sector.state == partition.HEADED]
    assert [sector.sequence for sector in journal] == [1, 2]
    assert "announced" in journal[0].notes
    assert journal[1].carried > 0
    assert all(sector.torn == 0 for sector in sectors)


def test_a_torn_record_is_counted():
    with Lock(config=LockConfig(grants=GRANTS)) as lock:
        lock.wait(20)
        lock.wake()
        lock.cut_at_flash_op(1, "half")
        lock.type(lock.issue("couriers") + "#")
        lock.wait(1)
        sectors = partition.sectors(lock.flash)
    assert sum(sector.torn for sector in sectors) == 1


@pytest.mark.parametrize("size", [0, 3, 4096, partition.SIZE - 1, partition.SIZE + 1])
def test_a_file_of_another_size_is_refused(tmp_path, size):
    file = tmp_path / "other.bin"
    file.write_bytes(b"\xff" * size)
    done = CliRunner().invoke(app, ["log", "dump", str(file)])
    assert done.exit_code == UNREADABLE
    told = f"{size:,} bytes" if size < partition.SIZE else "more than 262,144 bytes"
    assert f"other.bin: {told}, but a dump of the partition locklog has" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    done = CliRunner().invoke(app, ["log", "dump", str(tmp_path / "none.bin")])
    assert done.exit_code == UNREADABLE
    assert "No such file" in done.stderr


def test_a_blank_partition_has_two_rows(tmp_path):
    file = tmp_path / "blank.bin"
    file.write_bytes(b"\xff" * partition.SIZE)
    text = shown(file)
    assert lines(text, " 0 to 15", "journal", "blank")
    assert lines(text, "16 to 63", "log", "blank")


@given(patches=st.lists(st.tuples(st.integers(0, 20 * 4096), st.binary(min_size=1, max_size=64)), max_size=20))
def test_noise_over_a_day_stops_nothing(day, patches):
    image = bytearray(day.read_bytes())
    for at, noise in patches:
        image[at : at + len(noise)] = noise
    sectors, states, events, *missing = dump.tables(partition.sectors(bytes(image)))
    assert sectors.row_count and states.columns and events.columns
    assert missing in ([], ["no journal"], ["no log"], ["no journal, no log"])


@given(body=st.binary(min_size=24, max_size=24))
def test_any_body_has_words(body):
    assert all(isinstance(word, str) for word in (*state_words(body), *event_words(Event(body, bytes(4), 1))))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": SERVICE, "detail": 5, "grant": 9}, ("service", "9", "mute")),
        ({"kind": REVOCATION, "detail": 82, "issuer": 3}, ("revocation", "", "issuer 3, of an issuer")),
        ({"kind": SERVICE, "detail": 200}, ("service", "", "detail 200")),
    ],
)
def test_functions_of_the_menu_are_named(fields, said):
    audit = Audit(FlashDevice(NorFlash(64 * 4096)), bytes(8))
    audit.format(bytes(range(18)))
    audit.append(**fields)
    assert event_words(audit.last())[1:] == said
