"""The radio's settings; after hidden.py and bench.py."""

from firmware.calling import BANKS
from firmware.net import reading  # noqa: F401  (Radio asks for it)
from firmware.net.settings import Radio, RadioError
from firmware.store.vault import Vault, VaultError


def radio(bench):
    """Tell the radio's settings."""
    try:
        found = Radio(*Vault(bench.nvs, BANKS).load())
    except VaultError as error:
        tell("radio", error.reason)
    except RadioError as error:
        tell("radio", "settings", error.setting)
    else:
        tell("radio", "")
        tell("broker", found.host, found.port, found.security, found.user)
        tell("Wi-Fi", found.ssid, bool(found.password), bool(found.bssid), bool(found.address))
        tell("check in", found.gateway, found.often_s, found.rarely_s)
        for number, epoch in found.keys.in_use():
            tell("root", number, epoch, known(found.keys.root(number, epoch)))
