"""The lock's sealing agrees with the other end's, which is built on PyPI's `cryptography`."""

import json

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptolib import aes
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from firmware.core.seal import DOWN, UP, Seal, SealError, counter_mode
from host_sim.runtime import RUNTIMES
from tests.host.boards import board, reported, run
from tests.host.vm import ROOT
from tools import cli
from tools.protocol import seal as other_end
from tools.protocol import vectors

WAYS = st.sampled_from(((UP, other_end.UP), (DOWN, other_end.DOWN)))
U8 = st.integers(0, 255)
U32 = st.integers(0, 2**32 - 1)


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=8, max_size=8),
    U8,
    U8,
    WAYS,
    U8,
    U32,
    st.binary(max_size=1024),
)
def test_one_seals_what_the_other_seals_and_opens(root, lock, sender, epoch, way, kind, counter, text):
    ours, theirs = way
    seal, channel = Seal(root, ours, lock, sender, epoch), other_end.Channel(root, lock, sender, epoch)
    message = seal.seal(kind, counter, text)
    assert message == channel.seal(theirs, kind, counter, text)
    header, opened = channel.open(theirs, message)
    assert (header.kind, header.counter, opened) == (kind, counter, text)
    assert seal.open(message) == text


@given(st.binary(min_size=32, max_size=32), st.integers(0, 70), st.binary(min_size=1, max_size=1024))
def test_counter_mode_agrees_also_where_the_counter_overflows(key, below, data):
    block = (2**128 - 1 - below).to_bytes(16, "big")
    theirs = Cipher(algorithms.AES(key), modes.CTR(block)).encryptor().update(data)
    assert counter_mode(aes(key, 1), block, data) == theirs


@given(st.binary(max_size=80))
def test_junk_is_refused_by_both(junk):
    root = bytes(32)
    head = other_end.Header(17, 1, 1, 1, bytes(8)).packed()
    for message in (junk, head + junk):
        with pytest.raises(SealError):
            Seal(root, DOWN, bytes(8), 1, 1).open(message)
        with pytest.raises(other_end.SealError):
            other_end.Channel(root, bytes(8), 1, 1).open(other_end.DOWN, message)


def test_refused_vectors_are_refused_by_the_other_end():
    for row in vectors.refused():
        channel = other_end.Channel(bytes.fromhex(row["root"]), bytes.fromhex(row["lock"]), row["sender"], row["epoch"])
        with pytest.raises(other_end.SealError):
            channel.open(row["direction"], bytes.fromhex(row["message"]))


def test_a_vector_carries_over_two_bytes_of_the_counter_block():
    assert [row for row in vectors.sealed() if row["message"][60:64] == "ffff" and len(row["plaintext"]) > 32]


def test_the_command_makes_the_vectors_that_are_kept(tmp_path):
    assert CliRunner().invoke(cli.app, ["protocol", "vectors", str(tmp_path / "new")]).exit_code == 0
    made = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    kept = {path.name: path.read_text() for path in (ROOT / "tests" / "vectors").iterdir()}
    assert made == kept
    assert all(json.loads(text) for text in made.values())


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_the_simulated_chip_seals(tmp_path, runtime):
    core = {f"core/{name}.py": (ROOT / "firmware" / "core" / f"{name}.py").read_text() for name in ("hotp", "seal")}
    (tmp_path / "firmware" / "core").mkdir(parents=True)
    main = """
from firmware.core.seal import DOWN, Seal
report(Seal(bytes(32), DOWN, bytes(8), 1, 1).seal(17, 5, b"text").hex())
machine.deepsleep()
"""
    with board(tmp_path, runtime, main, {"core/__init__.py": "", **core}) as world:
        run(world, 1)
        channel = other_end.Channel(bytes(32), bytes(8), 1, 1)
        assert reported(world) == channel.seal(other_end.DOWN, 17, 5, b"text").hex()
