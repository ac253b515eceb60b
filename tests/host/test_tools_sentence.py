"""What a person reads where the computer itself says no: one sentence, with the next step."""

import errno
import os

import pytest

from tools.log.files import TooLong
from tools.replace import replace
from tools.sentence import sentence


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.ENOENT, "compare its name"),
        (errno.EISDIR, "name a file in it"),
        (errno.EACCES, "this user may not"),
        (errno.EROFS, "take a folder that can be written to"),
        (errno.ENOSPC, "make room on this computer's disk"),
    ],
)
def test_the_computer_s_errors_come_with_the_next_step(number, step):
    said = sentence(OSError(number, os.strerror(number), "front.toml"))
    assert said.startswith(f"front.toml: {os.strerror(number)}: {step}")
    assert "Errno" not in said


def test_a_file_that_cannot_be_replaced_is_told_by_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        replace(tmp_path / "none" / "log.jsonl", b"")
    assert sentence(caught.value).startswith(f"{tmp_path}/none/log.jsonl: No such file or directory")


def test_without_a_file_or_a_step_it_is_what_is_known():
    assert sentence(OSError(errno.EIO, "Input/output error")) == "Input/output error"
    assert sentence(OSError(errno.ENOSPC, "No space left")).startswith("No space left: make room")


def test_a_sentence_stays_as_it_is():
    for error in (TooLong("front.toml: more than 10 bytes"), ValueError("no label"), PermissionError("others may")):
        assert sentence(error) == str(error)
