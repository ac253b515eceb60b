"""The chip's key-value store: values, names, room, and cuts of the power."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.flash import PowerCut
from host_sim.world.nvs import ENTRIES, ENTRY_SIZE, Nvs, NvsError
from host_sim.world.nvs_system import write_system_entries


def refusal(call):
    with pytest.raises(NvsError) as caught:
        call()
    return caught.value.args


def test_values_are_kept_by_namespace_key_and_kind():
    nvs = Nvs()
    nvs.set_i32("a", "k", -5)
    nvs.set_blob("b", "k", bytearray(b"blob"))
    assert nvs.get_i32("a", "k") == -5
    assert nvs.get_blob("b", "k") == b"blob"
    not_found = (-0x1102, "ESP_ERR_NVS_NOT_FOUND")
    assert refusal(lambda: nvs.get_blob("a", "k")) == not_found
    assert refusal(lambda: nvs.get_i32("b", "k")) == not_found
    nvs.erase_key("a", "k")
    assert refusal(lambda: nvs.get_i32("a", "k")) == not_found
    assert refusal(lambda: nvs.erase_key("a", "k")) == not_found


def test_names_have_up_to_fifteen_characters():
    nvs = Nvs()
    nvs.set_i32("n" * 15, "k" * 15, 1)
    assert refusal(lambda: nvs.set_i32("n", "k" * 16, 1))[1] == "ESP_ERR_NVS_KEY_TOO_LONG"
    assert refusal(lambda: nvs.set_i32("n" * 16, "k", 1))[1] == "ESP_ERR_NVS_INVALID_NAME"


@pytest.mark.parametrize(("size", "entries"), [(0, 2), (1, 3), (32, 3), (33, 4), (80, 5), (640, 22)])
def test_a_blob_takes_an_index_a_header_and_its_data(size, entries):
    nvs = Nvs()
    nvs.set_i32("n", "other", 1)
    before = nvs.used_entries
    nvs.set_blob("n", "k", bytes(size))
    assert nvs.used_entries - before == entries


def test_a_blob_longer_than_a_page_is_chunked():
    nvs = Nvs()
    nvs.set_blob("n", "k", bytes(range(256)) * 20)
    assert nvs.get_blob("n", "k") == bytes(range(256)) * 20
    assert nvs.used_entries == 1 + 1 + 2 + 5_120 // 32
    assert refusal(lambda: nvs.set_blob("n", "k", bytes(5 * 4_000 + 1)))[1] == "ESP_ERR_NVS_VALUE_TOO_LONG"


def test_the_same_value_again_writes_nothing():
    nvs = Nvs()
    nvs.set_blob("n", "k", b"same")
    ops = nvs.ops
    nvs.set_blob("n", "k", b"same")
    assert nvs.ops == ops


def test_what_is_not_committed_shows():
    nvs = Nvs()
    nvs.set_i32("n", "k", 1)
    assert nvs.uncommitted
    nvs.commit("n")
    assert not nvs.uncommitted


def test_a_full_store_refuses_and_keeps_what_it_has():
    nvs = Nvs(pages=3)
    stored = 0
    with pytest.raises(NvsError, match="NOT_ENOUGH_SPACE"):
        for stored in range(100):
            nvs.set_blob("n", f"k{stored}", bytes([stored]) * 300)
    assert stored == (2 * ENTRIES - 1) // 12
    assert refusal(lambda: nvs.set_blob("n", "k0", b"y" * 300))[0] == -0x1105
    assert [nvs.get_blob("n", f"k{i}") for i in range(stored)] == [bytes([i]) * 300 for i in range(stored)]


def test_a_value_needs_room_beside_the_one_that_it_replaces():
    nvs = Nvs(pages=2)
    nvs.set_blob("n", "k", b"a" * 2_400)
    assert refusal(lambda: nvs.set_blob("n", "k", b"b" * 2_400))[1] == "ESP_ERR_NVS_NOT_ENOUGH_SPACE"
    assert nvs.get_blob("n", "k") == b"a" * 2_400
    nvs.erase_key("n", "k")
    nvs.set_blob("n", "k", b"b" * 2_400)


def test_given_up_entries_come_back_by_collection_which_erases_pages():
    spent = []
    nvs = Nvs(pages=3, spend=spent.append)
    for value in range(2_000):
        nvs.set_i32("n", "counter", value)
    assert nvs.get_i32("n", "counter") == 1_999
    assert nvs.used_entries == 2
    assert 10 <= nvs.page_erases <= 20
    assert max(nvs.erases) - min(nvs.erases) <= 1  # the pages take turns
    assert 2_000 * ENTRY_SIZE < nvs.programmed < 2_000 * (ENTRY_SIZE + 10)
    assert max(spent) >= 45_000


def test_the_system_keeps_its_own_values_here():
    nvs = Nvs()
    write_system_entries(nvs)
    assert nvs.used_entries == 190
    assert nvs.available_entries == 5 * ENTRIES - 190
    assert len(nvs.get_blob("phy", "cal_data")) == 1904
    assert not nvs.uncommitted


def test_erasing_everything_takes_the_locks_values_too():
    nvs = Nvs()
    nvs.set_blob("dropbolt", "head", b"1")
    nvs.erase_all()
    assert refusal(lambda: nvs.get_blob("dropbolt", "head"))[1] == "ESP_ERR_NVS_NOT_FOUND"
    assert nvs.used_entries == 0


@pytest.mark.parametrize(("keeps", "left"), [("old", b"old"), ("new", b"new")])
def test_a_cut_leaves_the_old_value_or_the_new_one(keeps, left):
    nvs, cuts = Nvs(), []
    nvs.on_cut = lambda: cuts.append(nvs.ops)
    nvs.set_blob("n", "k", b"old")
    nvs.set_blob("n", "other", b"stays")
    nvs.cut_at(2, keeps)
    nvs.set_i32("n", "number", 7)
    with pytest.raises(PowerCut):
        nvs.set_blob("n", "k", b"new")
    assert cuts == [4]
    with pytest.raises(PowerCut):
        nvs.get_blob("n", "k")
    nvs.revive()
    assert (nvs.get_blob("n", "k"), nvs.get_blob("n", "other"), nvs.get_i32("n", "number")) == (left, b"stays", 7)


@pytest.mark.parametrize("keeps", ["old", "new"])
def test_a_cut_in_an_erase_keeps_or_drops_the_value(keeps):
    nvs = Nvs()
    nvs.set_i32("n", "k", 1)
    nvs.cut_at(1, keeps)
    with pytest.raises(PowerCut):
        nvs.erase_key("n", "k")
    nvs.revive()
    if keeps == "old":
        assert nvs.get_i32("n", "k") == 1
    else:
        refusal(lambda: nvs.get_i32("n", "k"))


def test_a_snapshot_brings_everything_back():
    nvs = Nvs()
    nvs.set_blob("n", "k", b"old")
    snapshot = nvs.snapshot()
    nvs.set_blob("n", "k", b"new")
    nvs.load(snapshot)
    nvs.set_blob("n", "k2", b"more")
    nvs.load(snapshot)
    assert nvs.get_blob("n", "k") == b"old"
    refusal(lambda: nvs.get_blob("n", "k2"))


WRITES = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5_000), st.sampled_from(["", "old", "new"])))


@given(WRITES)
def test_as_a_dictionary_that_sometimes_is_full(writes):
    nvs, model = Nvs(pages=3), {}
    for turn, (key, size, cut) in enumerate(writes):
        value = bytes([turn % 256]) * size
        ops = nvs.ops
        nvs.cut_at(1 if cut else 0, cut)
        try:
            nvs.set_blob("n", key, value)
        except NvsError:
            value = model.get(key)
        except PowerCut:
            nvs.revive()
            value = value if cut == "new" else model.get(key)
        assert nvs.ops <= ops + 1
        if value is not None:
            model[key] = value
        assert {key: nvs.get_blob("n", key) for key in model} == model
        data = sum(1 + -(-len(value) // 32) for value in model.values())
        assert nvs.used_entries >= 1 + data if model else nvs.used_entries <= 1
        assert nvs.available_entries >= 0
