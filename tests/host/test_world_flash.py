"""The NOR chip: its rules, its faults, and what a torn operation leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.flash import FlashError, NorFlash, NorViolation, PowerCut
from host_sim.world.tears import TEARS, torn_erase, torn_program

SECTOR = 256


def flash(**kinds):
    return NorFlash(size=4 * SECTOR, sector_size=SECTOR, **kinds)


def test_programming_clears_bits_and_erasing_sets_them():
    chip = flash()
    chip.program(SECTOR, b"\xf0\x0f")
    chip.program(SECTOR, b"\x70\x0f")
    assert chip.read(SECTOR, 3) == b"\x70\x0f\xff"
    chip.erase(1)
    assert chip.read(SECTOR, 3) == b"\xff\xff\xff"


def test_setting_a_bit_is_an_error_that_no_handler_of_exceptions_hides():
    chip = flash()
    chip.program(0, b"\x00")
    with pytest.raises(NorViolation) as caught:
        chip.program(0, b"\x01")
    assert not isinstance(caught.value, Exception)
    assert chip.read(0, 1) == b"\x00"


def test_everything_is_counted_and_takes_its_time():
    spent = []
    chip = NorFlash(size=8192, spend=spent.append)
    chip.program(4096 + 250, bytes(10))
    chip.erase(1)
    chip.read(0, 100)
    assert (chip.ops, chip.programs, chip.erases, chip.bytes_read) == (2, [0, 1], [0, 1], 100)
    assert spent[:2] == [1_600, 45_000], "the program touches two pages of 256 bytes"
    assert spent[2] < 100


def test_outside_the_chip_is_an_error_of_the_operating_system():
    chip = flash()
    for operation in (lambda: chip.read(4 * SECTOR - 1, 2), lambda: chip.program(-1, b"x"), lambda: chip.erase(4)):
        with pytest.raises(OSError, match="ESP_ERR_INVALID_SIZE"):
            operation()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_cut_strikes_the_kth_operation_from_now_and_the_chip_is_dead(k):
    chip, cuts = flash(), []
    chip.on_cut = lambda: cuts.append(chip.ops)
    chip.erase(0)
    chip.cut_at(k, "half")
    for _ in range(k - 1):
        chip.erase(1)
    with pytest.raises(PowerCut):
        chip.program(0, b"\x00\x00\x00\x00")
    assert cuts == [1 + k]
    assert chip.snapshot()[:4] == b"\x00\x00\xff\xff"
    for operation in (lambda: chip.read(0, 1), lambda: chip.program(8, b"\x00"), lambda: chip.erase(0)):
        with pytest.raises(PowerCut):
            operation()
    assert chip.ops == 1 + k, "a dead chip counts nothing"
    chip.revive()
    chip.program(2, b"\x00\x00")
    assert chip.read(0, 4) == bytes(4)


def test_a_disarmed_cut_does_not_strike():
    chip = flash()
    chip.cut_at(1)
    chip.cut_at(0)
    chip.erase(0)
    assert not chip.dead


def test_twelve_tears_of_a_program_leave_what_their_names_say():
    old, new = b"\xff" * 32, bytes(32)
    left = {tear: torn_program(old, new, tear, seed=1) for tear in TEARS}
    assert len(TEARS) == 12
    prefixes = {"none": 0, "byte": 1, "seven": 7, "thirteen": 13, "half": 16, "most": 28, "all_but_byte": 31, "all": 32}
    for tear, done in prefixes.items():
        assert left[tear] == bytes(done) + b"\xff" * (32 - done), tear
    assert left["tail"] == b"\xff" * 16 + bytes(16)
    assert int.from_bytes(left["all_but_bit"]).bit_count() == 1
    assert set(left["bytes"]) == {0, 255}
    assert 64 < int.from_bytes(left["bits"]).bit_count() < 192


def test_twelve_tears_of_an_erase_leave_what_their_names_say():
    old = bytes(range(64))
    left = {tear: torn_erase(old, tear, seed=1) for tear in TEARS}
    for tear, done in {"byte": 1, "seven": 7, "thirteen": 13, "half": 32, "most": 60, "all_but_byte": 63}.items():
        assert left[tear] == b"\xff" * done + old[done:], tear
    assert left["none"] == old
    assert left["all"] == b"\xff" * 64
    assert left["tail"] == old[:32] + bytes(32), "a chip programs to zero before it erases"
    assert int.from_bytes(left["all_but_bit"]).bit_count() == 64 * 8 - 1


@given(st.binary(max_size=40), st.binary(min_size=40, max_size=40), st.sampled_from(TEARS), st.integers(0, 99))
def test_no_torn_program_sets_a_bit_or_clears_one_it_was_not_asked_to(new, old, tear, seed):
    old = old[: len(new)]
    new = bytes(a & b for a, b in zip(old, new, strict=True))
    left = torn_program(old, new, tear, seed)
    assert len(left) == len(old)
    assert all(was & now == now and now & becomes == becomes for was, now, becomes in zip(old, left, new, strict=True))


def test_an_unknown_tear_is_refused():
    with pytest.raises(ValueError, match="must be one of none, byte"):
        torn_program(b"\xff", b"\x00", "sideways")


@pytest.mark.parametrize("kind", ["read", "program", "erase"])
def test_failing_operations_are_reported_and_change_nothing(kind):
    chip = flash()
    chip.program(0, b"\x0f")
    chip.fail(kind, sector=0, times=1)
    operations = {
        "read": lambda: chip.read(0, 1),
        "program": lambda: chip.program(0, b"\0"),
        "erase": lambda: chip.erase(0),
    }
    with pytest.raises(FlashError) as caught:
        operations[kind]()
    assert caught.value.args == (-0x6001, "ESP_ERR_FLASH_OP_FAIL")
    assert chip.snapshot()[:1] == b"\x0f"
    operations[kind]()


def test_a_fault_of_one_sector_leaves_the_others_alone():
    chip = flash()
    chip.fail("erase", sector=2)
    chip.erase(1)
    for _ in range(3):
        with pytest.raises(FlashError):
            chip.erase(2)
    chip.heal()
    chip.erase(2)


def test_a_worn_sector_reports_success_and_stays_as_it_was():
    chip = flash()
    chip.program(0, b"\x00")
    chip.fail("worn", sector=0)
    chip.erase(0)
    assert chip.read(0, 1) == b"\x00"


def test_a_stuck_cell_keeps_its_level_through_program_and_erase():
    chip = flash()
    chip.stick(0, 3, 1)
    chip.stick(1, 0, 0)
    chip.program(0, b"\x00\x00")
    assert chip.read(0, 2) == b"\x08\x00"
    chip.erase(0)
    assert chip.read(0, 2) == b"\xff\xfe"


def test_a_trace_tells_what_was_done_and_what_a_tear_left():
    chip, seen = flash(), []
    chip.on_op = lambda *operation: seen.append(operation)
    chip.program(5, b"\x01\x02")
    chip.erase(3)
    chip.cut_at(1, "byte")
    with pytest.raises(PowerCut):
        chip.program(9, b"\x00\x00")
    assert seen == [("program", 5, b"\x01\x02"), ("erase", 3 * SECTOR, b""), ("torn", 9, b"\x00\xff")]


def test_an_image_goes_out_and_in_even_while_the_chip_is_dead():
    chip, other = flash(), flash()
    chip.program(0, b"lock")
    chip.kill()
    other.load(chip.snapshot())
    assert other.read(0, 4) == b"lock"
    with pytest.raises(ValueError, match="image of 3 bytes"):
        other.load(b"abc")
