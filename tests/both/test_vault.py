"""The vault: settings and grants as they were stored; a power cut leaves the old set or the new one."""

from nor import Nvs, PowerCut

from firmware.store import BLANK, DAMAGED, FULL, PROGRAM
from firmware.store.vault import BLOB_SIZE, MAX_GRANTS, MAX_SETTINGS, Vault, VaultError

OLD = (b'{"old": 1}' * 60, b"g" * 80 * 20)
NEW = (b'{"new": 2}' * 30, b"h" * 80 * 33)


def loaded(nvs):
    settings, grants = Vault(nvs).load()
    return bytes(settings), bytes(grants)


def why(action, *args):
    try:
        action(*args)
    except VaultError as e:
        return e.reason
    return None


def test_an_empty_vault_says_so():
    assert why(Vault(Nvs()).load) == BLANK


def test_sets_of_every_size_come_back():
    nvs = Nvs()
    for settings, grants in (
        OLD,
        NEW,
        (b"{}", b""),
        (b"s" * MAX_SETTINGS, b"g" * MAX_GRANTS),
        (b"x" * 639, b"y" * BLOB_SIZE),
        (b"x" * 640, b"y" * (BLOB_SIZE + 80)),
    ):
        Vault(nvs).replace(settings, grants)
        assert loaded(nvs) == (settings, grants)


def test_what_is_too_large_is_refused_and_the_old_set_stays():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    assert why(Vault(nvs).replace, b"s" * (MAX_SETTINGS + 1), b"") == FULL
    assert why(Vault(nvs).replace, b"{}", b"g" * (MAX_GRANTS + 80)) == FULL
    assert loaded(nvs) == OLD


def test_names_fit_the_chip_and_blobs_fit_a_page():
    nvs = Nvs()
    Vault(nvs).replace(b"s" * MAX_SETTINGS, b"g" * MAX_GRANTS)
    assert max([len(key) for key in nvs.blobs]) <= 15
    assert max([len(blob) for blob in nvs.blobs.values()]) <= 3968  # of one page, beside the two heads of a blob


def test_a_cut_anywhere_leaves_the_old_set_or_the_new_one():
    for tear in ("none", "byte", "all"):
        at = 0
        while True:
            at += 1
            nvs = Nvs()
            Vault(nvs).replace(*NEW)
            Vault(nvs).replace(*OLD)
            nvs.cut_at(at, tear)
            try:
                Vault(nvs).replace(*NEW)
            except PowerCut:
                nvs.revive()
                assert loaded(nvs) in (OLD, NEW)
                Vault(nvs).replace(*NEW)
                assert loaded(nvs) == NEW
                assert len(nvs.blobs) == 4
                continue
            assert at > 8
            break


def test_the_set_before_is_erased():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    Vault(nvs).replace(*NEW)
    assert not [key for key in nvs.blobs if key.startswith("a")]
    assert b"g" * 80 not in b"".join(nvs.blobs.values())


def test_a_cut_in_the_first_set_leaves_none_or_all_of_it():
    for at in range(1, 9):
        nvs = Nvs()
        nvs.cut_at(at, "all")
        try:
            Vault(nvs).replace(*NEW)
        except PowerCut:
            nvs.revive()
            assert why(Vault(nvs).load) == BLANK or loaded(nvs) == NEW


def test_damage_never_brings_back_the_set_before():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    before = dict(nvs.blobs)
    Vault(nvs).replace(*NEW)
    keys = list(nvs.blobs)
    nvs.blobs.update(before)
    for key in keys:
        keep = nvs.blobs[key]
        for ruined in (keep[:-1] + bytes([keep[-1] ^ 1]), keep[:-1]):
            nvs.blobs[key] = ruined
            assert why(Vault(nvs).load) == DAMAGED
        nvs.blobs[key] = keep
    del nvs.blobs["b.g0"]
    assert why(Vault(nvs).load) == DAMAGED


def test_a_set_that_cannot_be_read_back_never_counts():
    for lost in ("b.s0", "b.g1", "b"):
        nvs = Nvs()
        Vault(nvs).replace(*OLD)
        keep = nvs.set_blob

        def forget(key, buf):
            if key != lost:  # noqa: B023
                keep(key, buf)  # noqa: B023

        nvs.set_blob = forget
        assert why(Vault(nvs).replace, *NEW) == PROGRAM
        assert loaded(nvs) == OLD


def test_refusals_of_the_store_are_vault_errors():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)

    def full(key, buf):
        raise OSError(-4357)

    nvs.set_blob = full
    assert why(Vault(nvs).replace, *NEW) == PROGRAM
    assert loaded(nvs) == OLD


def test_a_cut_before_the_old_set_is_erased_is_made_up_for():
    """Else one read error on the new head would bring the old grants back."""
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    old = dict(nvs.blobs)
    Vault(nvs).replace(*NEW)
    for key, blob in old.items():
        nvs.blobs.setdefault(key, blob)
    assert loaded(nvs) == NEW
    assert not [key for key in old if key in nvs.blobs]


def test_a_head_that_cannot_be_read_is_damage_and_no_reason_to_go_back():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    (head,) = [key for key in nvs.blobs if len(key) == 1]
    read = nvs.get_blob

    def fail(key, buf):
        if key == head:
            raise OSError(-4353)
        return read(key, buf)

    nvs.get_blob = fail
    assert why(Vault(nvs).load) == DAMAGED


def test_a_replaced_set_has_the_next_generation():
    vault = Vault(Nvs())
    for generation in (1, 2, 3):
        vault.replace(*OLD)
        assert vault.generation == generation
    vault.load()
    assert vault.generation == 3


def test_two_vaults_live_beside_each_other():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    Vault(nvs, "cd").replace(*NEW)
    Vault(nvs).replace(*OLD)
    assert loaded(nvs) == OLD
    settings, more = Vault(nvs, "cd").load()
    assert (bytes(settings), bytes(more)) == NEW
