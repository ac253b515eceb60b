"""A mosquitto on loopback with the configuration that docs/mosquitto/ shows to people."""

import os
import random
import signal
import socket
import subprocess
import time

from tests.host.certificates import Authority
from tests.host.vm import ROOT

PROGRAMS = ROOT / "build" / "mosquitto"
EXAMPLE = ROOT / "docs" / "mosquitto"
HOST = "broker.example"
"""The name in the broker's certificate."""
LOCK = "240ac4d00b010000"
"""A lock's id, and so its user name."""
GATEWAY = "gateway"
KEY = "5d" * 32
"""The lock's pre-shared key."""

_PATIENCE_S = 150


class Broker:
    """Running from its making to `stop()`, in `folder`. Every user of `passwords` has its own name as password.

    Ports: `tls` with passwords, `psk` with pre-shared keys, `plain` without TLS, which the example does not offer.
    """

    def __init__(self, folder, passwords=(LOCK, GATEWAY), issued=None):
        self.authority = Authority()
        issued = issued or self.authority.issue(HOST)
        self.tls, self.psk, self.plain = _free_ports(3)
        self._folder = folder
        self._process = None
        (folder / "server.crt").write_bytes(issued.certificate)
        (folder / "server.key").write_bytes(issued.key)
        (folder / "passwords").write_text("".join(f"{name}:{name}\n" for name in passwords))
        subprocess.run([PROGRAMS / "mosquitto_passwd", "-U", folder / "passwords"], check=True)
        (folder / "keys").write_text(f"{LOCK}:{KEY}\n")
        (folder / "acl").write_text((EXAMPLE / "acl").read_text())
        (folder / "dropbolt.conf").write_text(self._configuration())
        for name in ("passwords", "keys", "acl", "server.key"):
            (folder / name).chmod(0o600)
        self.start()

    def _configuration(self):
        text = (EXAMPLE / "dropbolt.conf").read_text()
        for written, here in (
            ("/etc/mosquitto/dropbolt", str(self._folder)),
            ("/var/lib/mosquitto", str(self._folder)),
            ("listener 8883", f"listener {self.tls} 127.0.0.1"),
            ("listener 8884", f"listener {self.psk} 127.0.0.1"),
        ):
            if written not in text:
                raise LookupError(f"the example configuration has no {written}")
            text = text.replace(written, here)
        user = "user root\n" if os.geteuid() == 0 else ""  # else it becomes a user who cannot read these files
        plain = (
            f"listener {self.plain} 127.0.0.1\npassword_file {self._folder}/passwords\nacl_file {self._folder}/acl\n"
        )
        return user + text + plain

    def start(self):
        """Start it where it does not run, and wait until it listens."""
        command = [PROGRAMS / "mosquitto", "-c", self._folder / "dropbolt.conf"]
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        patience = time.monotonic() + _PATIENCE_S
        while not _listens(self.plain):
            if self._process.poll() is not None or time.monotonic() > patience:
                raise RuntimeError(f"mosquitto did not start:\n{self.log}")
            time.sleep(0.01)

    def stop(self):
        """End it; it keeps its sessions and what waits in them."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(_PATIENCE_S)

    @property
    def log(self):
        """What it has said so far."""
        return (self._folder / "log").read_text()


def _free_ports(count):
    """Ports on which nobody listens, below those that the system gives to whoever connects from here meanwhile."""
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(10_000, 30_000)
        if port not in ports and not _listens(port):
            ports.append(port)
    return ports


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
