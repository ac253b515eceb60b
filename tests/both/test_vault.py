"""The vault: settings and grants as they were stored; a power cut leaves the old set or the new one."""

from nor import Nvs, PowerCut

from firmware.core.grants import FLAGS_AT, GRANT_SIZE, REVOKED
from firmware.store import BLANK, DAMAGED, FULL, PROGRAM
from firmware.store.vault import MAX_GRANTS, MAX_SETTINGS, PIECE, Vault, VaultError

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
        (b"x" * 639, b"y" * PIECE),
        (b"x" * 640, b"y" * (PIECE + 80)),
        (b"x" * 640, b"\xff" * (PIECE + 83)),
        (b"", bytes(range(256)) * 10),
        (b"{}", b"\xff" * (PIECE + 84)),
    ):
        Vault(nvs).replace(settings, grants)
        assert loaded(nvs) == (settings, grants)


def test_what_only_zeros_make_longer_is_another_set():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    Vault(nvs).replace(OLD[0] + bytes(2), OLD[1] + bytes(80))
    assert loaded(nvs) == (OLD[0] + bytes(2), OLD[1] + bytes(80))


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


def changed(grants, *places):
    """The grants with another byte in each of those places."""
    table = bytearray(grants)
    for at in places:
        table[at] ^= REVOKED
    return bytes(table)


CHANGES = (
    (OLD, NEW),
    (NEW, OLD),
    (OLD, (OLD[0], changed(OLD[1], 100, 1599))),  # in the first piece and in the last
    (OLD, (OLD[0], changed(OLD[1], *range(FLAGS_AT, 1600, GRANT_SIZE)))),  # all of them revoked
    (OLD, (OLD[0], OLD[1] + b"i" * 80)),
    (OLD, (b'{"new": 2}', OLD[1])),
    (OLD, (b"{}", b"")),
)


def cut_at_every_operation(before, after):
    for tear in ("none", "byte", "all"):
        at = 0
        while True:
            at += 1
            nvs = Nvs()
            Vault(nvs).replace(*after)
            Vault(nvs).replace(*before)
            nvs.cut_at(at, tear)
            try:
                Vault(nvs).replace(*after)
            except PowerCut:
                nvs.revive()
                assert loaded(nvs) in (before, after)
                Vault(nvs).replace(*after)
                assert loaded(nvs) == after
                assert len(nvs.blobs) == 2 + -(-len(after[1]) // PIECE)  # head, settings, grants: nothing is left over
                continue
            assert at > 5  # head, commits, and the other head erased
            break


def test_a_cut_anywhere_leaves_the_old_set_or_the_new_one():
    for before, after in CHANGES:
        cut_at_every_operation(before, after)


def test_two_cuts_leave_the_old_set_or_the_new_one():
    before, after = CHANGES[2]
    for first in range(1, 12):
        for second in range(1, 16):
            nvs = Nvs()
            Vault(nvs).replace(*before)
            for at in (first, second):
                nvs.cut_at(at, "all")
                try:
                    Vault(nvs).replace(*after)
                except PowerCut:
                    pass
                nvs.revive()
                assert loaded(nvs) in (before, after), (first, second)


def written(nvs, settings, grants):
    """Names of the blobs that a replacement writes, without their places."""
    keep, names = nvs.set_blob, []

    def note(key, buf):
        names.append(key[1:])
        keep(key, buf)

    nvs.set_blob = note
    Vault(nvs).replace(settings, grants)
    nvs.set_blob = keep
    return names


def test_only_what_changes_is_written():
    nvs = Nvs()
    settings, grants = OLD
    Vault(nvs).replace(settings, grants)
    for _ in range(3):
        assert written(nvs, settings, grants) == [""]  # a head, and nothing else
        grants = changed(grants, PIECE)
        assert written(nvs, settings, grants) == [".g1", ""]
        grants = changed(grants, *range(FLAGS_AT, len(grants), GRANT_SIZE))
        assert written(nvs, settings, grants) == [""], "to revoke takes no room"
        settings += b" "
        assert written(nvs, settings, grants) == [".s0", ""]
        assert loaded(nvs) == (settings, grants)


def test_the_set_before_is_erased():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    Vault(nvs).replace(*NEW)
    assert len(nvs.blobs) == 2 + 5
    assert b"g" * 80 not in b"".join(nvs.blobs.values())


def test_a_cut_in_the_first_set_leaves_none_or_all_of_it():
    for at in range(1, 12):
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
    del nvs.blobs["a.g0"]
    assert why(Vault(nvs).load) == DAMAGED


def test_a_set_that_cannot_be_read_back_never_counts():
    for lost in ("a.s0", "a.g1", "b"):
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

    for code, word in ((-4357, FULL), (-4353, PROGRAM)):

        def refuse(key, buf):
            raise OSError(code)  # noqa: B023

        nvs.set_blob = refuse
        assert why(Vault(nvs).replace, *NEW) == word
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


def test_a_vault_that_was_forgotten_is_blank_and_nothing_stays():
    nvs = Nvs()
    Vault(nvs, "cd").replace(*NEW)
    for contents in (OLD, NEW):
        Vault(nvs).replace(*contents)
    Vault(nvs).forget()
    assert why(Vault(nvs).load) == BLANK
    assert not [key for key in nvs.blobs if key[0] in "ab"]
    assert Vault(nvs, "cd").load()[0] == NEW[0]


def test_a_head_of_another_format_is_damage():
    nvs = Nvs()
    Vault(nvs).replace(*OLD)
    (head,) = [key for key in nvs.blobs if len(key) == 1]
    for other in (b"DBV1" + nvs.blobs[head][4:], nvs.blobs[head][:44], nvs.blobs[head] + b"\0"):
        nvs.blobs[head] = other
        assert why(Vault(nvs).load) == why(Vault(nvs).replace, *NEW) == DAMAGED
