"""Codes agree with two independent implementations: pyotp and oathtool."""

import base64
import hashlib
import random

import pyotp
import pytest

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.verify import otp_code
from firmware.core.words import EVENT, INTERVAL

LOCK = bytes(8)
LAST_TIME = 2**32 - 1
LAST_COUNTER = 2**64 - 1


def draws(name, count):
    """`count` sources of random values, the same in every run; `name` and place replay one."""
    return (random.Random(f"{name} {place}") for place in range(count))


def one_grant(draw, kind, digits, longest_step=604800):
    """A table of one random grant of that kind."""
    step = draw.choice((30, longest_step, draw.randint(30, longest_step)))
    return Grants(
        pack_grant(
            id=1,
            kind=kind,
            key=draw.randbytes(draw.randint(20, 32)),
            digits=digits,
            sha256=draw.random() < 0.5,
            step=step,
            offset=draw.choice((0, draw.randrange(step))),
        )
    )


def one_counter(draw):
    """Small, large and largest counters; 32 values follow."""
    return draw.choice((draw.randrange(100), draw.randrange(2**32), draw.randrange(2**64 - 32), LAST_COUNTER - 32))


def pyotp_arguments(grants):
    secret = base64.b32encode(grants.key(0)).decode()
    return {"s": secret, "digits": grants.digits(0), "digest": hashlib.sha256 if grants.sha256(0) else hashlib.sha1}


@pytest.mark.parametrize("digits", [6, 7, 8, 9])
def test_hotp_agrees_with_pyotp(digits):
    for draw in draws(f"hotp {digits}", 1000):
        grants = one_grant(draw, EVENT, digits)
        theirs = pyotp.HOTP(**pyotp_arguments(grants))
        for counter in (one_counter(draw), one_counter(draw)):
            assert otp_code(grants, 0, 0, counter, LOCK) == theirs.at(counter)


@pytest.mark.parametrize("digits", [6, 7, 8, 9])
def test_totp_agrees_with_pyotp(digits):
    """pyotp knows steps of up to 120 s."""
    for draw in draws(f"totp {digits}", 1000):
        grants = one_grant(draw, INTERVAL, digits, 120)
        theirs = pyotp.TOTP(**pyotp_arguments(grants), interval=grants.step(0))
        t = draw.randint(grants.offset(0), LAST_TIME)
        assert otp_code(grants, 0, 0, grants.step_at(0, t), LOCK) == theirs.at(t - grants.offset(0))


@pytest.mark.parametrize("digits", [6, 7, 8])
def test_hotp_agrees_with_oathtool(oathtool, digits):
    """oathtool knows HOTP with SHA-1, and 6 to 8 digits."""
    for draw in draws(f"oathtool hotp {digits}", 100):
        grants = Grants(pack_grant(id=1, kind=EVENT, key=draw.randbytes(draw.randint(20, 32)), digits=digits))
        counter = one_counter(draw)
        theirs = oathtool("--hotp", f"-d{digits}", f"-c{counter}", "-w31", grants.key(0).hex()).split()
        assert [otp_code(grants, 0, 0, counter + k, LOCK) for k in range(32)] == theirs


@pytest.mark.parametrize("digits", [6, 7, 8])
def test_totp_agrees_with_oathtool(oathtool, digits):
    for draw in draws(f"oathtool totp {digits}", 100):
        grants = one_grant(draw, INTERVAL, digits)
        t = draw.randint(grants.offset(0), LAST_TIME)
        theirs = oathtool(
            f"--totp={'sha256' if grants.sha256(0) else 'sha1'}",
            f"-d{digits}",
            f"-N@{t}",
            f"-S@{grants.offset(0)}",
            f"-s{grants.step(0)}s",
            "-w31",
            grants.key(0).hex(),
        ).split()
        step = grants.step_at(0, t)
        assert [otp_code(grants, 0, 0, step + k, LOCK) for k in range(32)] == theirs
