"""From a lock's flash to a list that is known to be whole, by the commands."""

import os
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_sim import cli as simulator
from tools.cli import app
from tools.log.cli import BAD_LOG, UNREADABLE
from tools.log.lines import read_whole

DAY = Path(__file__).parents[1] / "scenarios/demo_day.txt"


def run(*words):
    return CliRunner().invoke(app, ["log", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The demo day's dump and key, and the export of the dump."""
    folder = tmp_path_factory.mktemp("day")
    assert CliRunner().invoke(simulator.app, ["play", str(DAY), "--dump", str(folder)]).exit_code == 0
    done = run("export", folder / "locklog.bin", folder / "log.jsonl")
    assert done.exit_code == 0
    return folder


def verify(folder, *more):
    return run("verify", folder / "log.jsonl", "--key-file", folder / "log.key", *more)


def whole(folder):
    return read_whole((folder / "log.jsonl").read_text().splitlines()[0])


def test_a_day_at_the_door_is_sound(folder):
    first = whole(folder)
    assert first.boots == 2
    assert 0 < first.told.sequence <= first.head.sequence == first.events
    for expected in ((), ("--expect", first.told), ("--expect", first.head)):
        done = verify(folder, *expected)
        assert (done.exit_code, str(first.head) in done.stdout) == (0, True)


def test_export_prints_the_head(folder, tmp_path):
    done = run("export", folder / "locklog.bin", tmp_path / "again.jsonl")
    assert str(whole(folder).head) in done.stdout
    assert (tmp_path / "again.jsonl").read_bytes() == (folder / "log.jsonl").read_bytes()


def test_a_bad_record_is_named_with_its_line(folder, tmp_path):
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_text("".join([*lines[:5], *lines[6:]]))
    (tmp_path / "log.key").write_bytes((folder / "log.key").read_bytes())
    done = verify(tmp_path)
    assert done.exit_code == BAD_LOG
    assert "log.jsonl: line 6: event 6: removed: event 5 should be here" in done.stderr


def test_a_head_that_is_not_there_is_told(folder):
    events = whole(folder).events
    done = verify(folder, "--expect", f"{events + 1}:00000000")
    assert done.exit_code == BAD_LOG
    assert f"line {events + 2}: truncated" in done.stderr


@pytest.mark.parametrize("expected", ["", "newest", "28"])
def test_what_is_no_head_compares_nothing(folder, expected):
    done = verify(folder, "--expect", expected)
    assert (done.exit_code, "is no head" in done.stderr) == (UNREADABLE, True)


@pytest.mark.parametrize("content", [b"", b"abc", b"00" * 17, b"\xff" * 36, b"zz" * 18])
def test_what_is_no_key_compares_nothing(folder, tmp_path, content):
    (tmp_path / "log.key").write_bytes(content)
    done = run("verify", folder / "log.jsonl", "--key-file", tmp_path / "log.key")
    assert (done.exit_code, "36 hex digits" in done.stderr) == (UNREADABLE, True)


def test_files_that_are_not_there_are_told(folder, tmp_path):
    for words in (
        ("export", tmp_path / "none.bin", tmp_path / "out"),
        ("export", folder / "locklog.bin", tmp_path / "none" / "out"),
        ("verify", tmp_path / "none", "--key-file", folder / "log.key"),
        ("verify", folder / "log.jsonl", "--key-file", tmp_path / "none"),
    ):
        done = run(*words)
        assert (done.exit_code, "No such file" in done.stderr) == (UNREADABLE, True)


def test_an_export_goes_through_links_and_into_pipes(folder, tmp_path):
    (tmp_path / "kept").write_text("before")
    (tmp_path / "link").symlink_to("kept")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    for name in ("link", "pipe"):
        assert run("export", folder / "locklog.bin", tmp_path / name).exit_code == 0
    said = os.read(reader, 1 << 20)
    os.close(reader)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "kept").read_bytes() == said == (folder / "log.jsonl").read_bytes()


def test_a_dump_without_a_log_is_told(tmp_path):
    (tmp_path / "blank.bin").write_bytes(b"\xff" * 64 * 4096)
    done = run("export", tmp_path / "blank.bin", tmp_path / "out")
    assert (done.exit_code, "holds no log" in done.stderr) == (UNREADABLE, True)


@pytest.fixture
def huge(tmp_path):
    """A file of 1 GiB that takes no room."""
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, 1 << 30)
    return path


def test_huge_and_endless_files_are_refused_unread(folder, tmp_path, huge):
    for file in (huge, Path("/dev/zero")):
        for limit, *words in (
            ("262,144", "dump", file),
            ("262,144", "export", file, tmp_path / "out"),
            ("8,388,608", "verify", file, "--key-file", folder / "log.key"),
            ("4,096", "verify", folder / "log.jsonl", "--key-file", file),
        ):
            done = run(*words)
            assert (done.exit_code, f"{file}: more than {limit} bytes" in done.stderr) == (UNREADABLE, True)


@pytest.mark.parametrize("content", [b"", b"\n", b"[]\n", bytes(1000), random.Random(1).randbytes(5000)])
def test_what_is_no_export_is_not_called_tampered(folder, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    done = run("verify", tmp_path / "file", "--key-file", folder / "log.key")
    assert done.exit_code == UNREADABLE
    assert done.stderr == f"{tmp_path / 'file'}: not an exported log\n"


def test_a_dump_given_to_verify_is_told_to_be_one(folder):
    done = run("verify", folder / "locklog.bin", "--key-file", folder / "log.key")
    assert (done.exit_code, "size of a dump: log export" in done.stderr) == (UNREADABLE, True)


@pytest.mark.parametrize("content", [bytes(1 << 18), b"\xff" * (1 << 18), random.Random(2).randbytes(1 << 18)])
def test_a_dump_with_nothing_of_a_lock_says_so(folder, tmp_path, content):
    (tmp_path / "dump").write_bytes(content)
    done = run("dump", tmp_path / "dump")
    assert (done.exit_code, done.stdout.rstrip().endswith("no journal, no log")) == (0, True)
    assert "no log" not in run("dump", folder / "locklog.bin").stdout
