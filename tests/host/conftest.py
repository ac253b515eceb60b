"""What tests on the host share: hypothesis without the clock, oathtool, a broker, firmware to break."""

import os
import shutil
import subprocess

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.host.broker import PROGRAMS, Broker
from tests.host.vm import ROOT

OATHTOOL = ROOT / "build" / "oathtool" / "oathtool"

set_hypothesis_home_dir(ROOT / "build" / "hypothesis")
# No deadline: a busy machine is no failure. Under CI the examples are the same in each run; elsewhere a failure prints
# what replays it.
settings.register_profile("dropbolt", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("dropbolt")


@pytest.fixture(scope="session")
def oathtool():
    """Call oathtool with arguments; returns what it prints. Raises CalledProcessError when oathtool refuses."""
    if not OATHTOOL.exists():
        pytest.fail("oathtool is missing: run `make oathtool`", pytrace=False)

    def run(*args):
        return subprocess.run([OATHTOOL, *args], check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """A mosquitto that all tests of this process share: each leaves no session and no message behind."""
    if not PROGRAMS.exists():
        pytest.fail("mosquitto is missing: run `make mosquitto`", pytrace=False)
    running = Broker(tmp_path_factory.mktemp("mosquitto"))
    yield running
    running.stop()


@pytest.fixture
def root(tmp_path):
    """A copy of what runs on the chip, to be broken."""
    for name in ("boot.py", "main.py"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("firmware", "lib"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path
