"""Sessions with the radio: what their lines need, and the connection on which they never wait for nothing."""

import pytest

from host_sim.line import CONNACK, CONNECT, PUBLISH, Packets
from host_sim.session.parser import SessionError, parse
from host_sim.session.player import play

HEAD = (
    "clock 2026-03-02 08:00\nissuer home may unlock,call,approve,owner quota 9\ngateway home\n"
    "grant couriers event digits 8 check\n"
)
FIRST = "expect check-in timer within 30s\nexpect asleep within 60s\n"


def problems(text):
    with pytest.raises(SessionError) as caught:
        parse(text, "x.txt")
    return caught.value.problems


def outcome(text, runtime="cpython"):
    """(what the world showed, the problem of the wrong step or None)."""
    seen, problem = [], None
    for step in play(parse(text), runtime):
        seen += step.seen
        problem = None if step.ok else step.problem
    return seen, problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD.replace("gateway home", "gateway firm"), "x.txt:3: there is no issuer `firm` that may `owner`"),
        (HEAD.replace(",owner", ""), "x.txt:3: there is no issuer `home` that may `owner`"),
        (HEAD.replace("gateway home\n", "gateway home\ngateway home\n"), "x.txt:4: the gateway is already given on"),
        (HEAD.replace("gateway home\n", "") + "command unlock\n", "x.txt:4: expected a line `gateway LABEL`"),
        (HEAD.replace("gateway home\n", "") + "expect check-in call\n", "x.txt:4: expected a line `gateway LABEL`"),
        (HEAD + "command revoke\n", "x.txt:5: `revoke` needs a grant"),
        (HEAD + "command unlock for couriers\n", "x.txt:5: `revoke` needs a grant"),
        (HEAD + "command revoke for cleaners\n", "x.txt:5: there is no grant `cleaners`"),
    ],
)
def test_lines_that_make_no_sense_are_told_before_anything_is_played(text, problem):
    (told,) = problems(text)
    assert told.startswith(problem)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (FIRST + "command approve\n", "no entry waits for approval"),
        (FIRST + "wait 1s\nexpect check-in timer\n", "there was no check-in"),
        (FIRST + "expect command done\n", "it is not there"),
        (FIRST + "command identify\nexpect command done\n", "it is waiting"),
    ],
)
def test_a_wrong_step_says_how_it_is(lines, problem):
    _, told = outcome(HEAD + lines)
    assert problem in told


def test_an_unlock_that_nobody_waits_for_at_the_door_expires():
    _, told = outcome(HEAD + FIRST + "command unlock\nexpect check-in timer within 2h\nexpect command expired\n")
    assert told is None


def test_lock_and_gateway_say_that_there_is_no_tls():
    seen, told = outcome(HEAD + FIRST + "expect log radio\n")
    assert told is None
    said = [happening.text for happening in seen if happening.kind == "radio"]
    assert any("connected WITHOUT TLS" in text for text in said)
    assert any("without TLS" in text for text in said if text.startswith("event"))


def test_a_session_with_the_radio_is_the_same_in_each_run_on_both_pythons():
    text = HEAD + FIRST + "command identify\nexpect check-in timer within 2h\nexpect command done within 9s\n"
    runs = [outcome(text, runtime) for runtime in ("cpython", "micropython", "cpython")]
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][1] is None


def test_packets_are_found_however_they_are_cut():
    stream = bytes([0x10, 2, 1, 2]) + bytes([0x32, 0x81, 1]) + bytes(129) + bytes([0x20, 0])
    packets = Packets()
    found = [packet for octet in stream for packet in packets.take(bytes([octet]))]
    assert [kind for kind, _ in found] == [CONNECT, PUBLISH, CONNACK]
    assert b"".join(whole for _, whole in found) == stream
    assert Packets().take(stream) == found
