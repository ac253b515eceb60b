"""What the radio's vault gets: the settings of `lock.toml`, what is secret in them, and the authority's certificate."""

import json

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.net.settings import CERTIFICATE, KEY, Radio, RadioError, pack
from tools.image import Refused
from tools.log.files import read

_LIMIT = 1 << 16


def radio(wanted, before, folder, hidden):
    """The radio of a Record; None if the lock has none. Raises Refused.

    wanted: as the configuration has it, None for none; before: of the record, None for none. folder: from which `ca` is
    named. hidden(question): what a person types, unseen; asked for what `before` does not have already.
    """
    if wanted is None:
        return None
    settings = {name: value for name, value in wanted.items() if name != "ca"}
    known = before["settings"] if before else {}
    settings["password"] = _secret(known, settings, "password", "ssid", hidden, "password of the Wi-Fi {}")
    settings["login"] = settings["key"] = ""
    if settings["user"]:
        settings["login"] = _secret(
            known, settings, "login", "user", hidden, "the broker's password of {} (none: none)"
        )
    if settings["security"] == KEY:
        settings["key"] = _secret(known, settings, "key", "user", hidden, "64 hex digits of the key of {}")
    authority = _authority(folder / wanted["ca"]) if settings["security"] == CERTIFICATE else b""
    try:
        Radio(json.dumps(settings).encode(), pack(b"", authority))
    except RadioError as error:
        raise Refused(
            f"the lock does not take this {error.setting} of the radio: run this again, and type it anew"
        ) from error
    return {"settings": settings, "authority": authority.hex()}


def _secret(known, settings, name, of, hidden, question):
    """What was typed before for the same network or user, or is typed now."""
    if known.get(name) and known[of] == settings[of]:
        return known[name]
    return hidden(question.format(settings[of]))


def _authority(path):
    """The certificate in a PEM file, as DER."""
    try:
        return x509.load_pem_x509_certificate(read(path, _LIMIT)).public_bytes(Encoding.DER)
    except ValueError as error:
        raise Refused(f"{path}: no certificate in PEM: take the authority's, which signed the broker's") from error
