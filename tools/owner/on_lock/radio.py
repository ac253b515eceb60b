"""The radio's settings, and how its last check-ins went; after hidden.py and bench.py."""

from firmware.calling import BANKS
from firmware.memory import Memory
from firmware.net.recall import Recall
from firmware.net.settings import Radio, RadioError
from firmware.store.vault import Vault, VaultError


def radio(bench):
    """Tell the radio's settings, and how its last check-ins went."""
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
        past = Recall(Memory(bench).radio)
        if not past.fresh:
            tell("check-ins", past.failures)
