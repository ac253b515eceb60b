"""A log on its way from flash to its owner: whatever was done to it shows, and the first bad record is named."""

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from firmware.core.words import OPENED
from firmware.store.audit import BOOT, ENTRY, Audit, Event
from firmware.store.chain import KEY_SIZE, UNKEYED, event_mac
from host_sim.devices import FlashDevice
from host_sim.world.flash import NorFlash
from tools.log.export import export
from tools.log.lines import Head, event_line, read_head, read_whole
from tools.log.partition import sectors
from tools.log.verify import (
    CHANGED,
    FORGOTTEN,
    FORKED,
    INSERTED,
    REMOVED,
    REORDERED,
    TRUNCATED,
    UNKEYED_EVENT,
    WRONG_KEY,
    BadLog,
    NoLog,
    verify,
)

KEY = bytes(range(KEY_SIZE))
ID = b"journal1"


def logged(events):
    """A flash with a log of so many events."""
    flash = NorFlash()
    audit = Audit(FlashDevice(flash), ID)
    audit.format(KEY)
    for n in range(events):
        audit.append(ENTRY, decision=OPENED, t=1_790_000_000 + n, grant=1 + n % 3, length=9, attempt=n + 1)
        audit.tidy()
    return flash


def text_of(flash):
    return export(sectors(flash.snapshot()))[0]


@pytest.fixture(scope="module")
def text():
    """300 events in three sectors."""
    return text_of(logged(300))


@pytest.fixture(scope="module")
def short():
    """140 events in two sectors, quick to check over and over."""
    return text_of(logged(140))


def bad(text, key=KEY, expected=None):
    with pytest.raises(BadLog) as caught:
        verify(text, key, expected)
    return caught.value


def lines_of(text):
    return text.splitlines(keepends=True)


def head_of(text):
    return read_whole(text.splitlines()[0]).head


def with_whole(lines, **fields):
    """The lines with other words in the first one, as somebody would write who covers a trace."""
    return [replace(read_whole(lines[0].rstrip("\n")), **fields).line() + "\n", *lines[1:]]


def test_a_log_over_several_sectors_is_sound(text):
    sound = verify(text, KEY, head_of(text))
    assert (sound.events, sound.first, sound.head) == (300, 1, head_of(text))
    assert len({json.loads(line)["sector"] for line in text.splitlines()[1:]}) == 3


def test_a_log_that_has_been_round_is_sound():
    text = text_of(logged(6100))
    sound = verify(text, KEY)
    assert sound.events >= 4000
    assert sound.first + sound.events - 1 == 6100


def test_a_bit_that_flipped_on_flash_changes_nothing():
    flash = logged(130)
    text, image = text_of(flash), bytearray(flash.snapshot())
    for bit in range(256):
        at = 16 * 4096 + 20 * 32 + bit // 8
        image[at] ^= 1 << bit % 8
        assert export(sectors(bytes(image)))[0] == text
        image[at] ^= 1 << bit % 8


def test_an_empty_log_is_sound():
    sound = verify(text_of(logged(0)), KEY)
    assert (sound.events, sound.first, str(sound.head)) == (0, 0, "0:00000000")


@pytest.mark.parametrize("place", [1, 2, 122, 150, 299])
def test_a_removed_event_shows(text, place):
    lines = lines_of(text)
    del lines[place]
    found = bad("".join(lines))
    assert (found.line, found.sequence, found.what) == (place + 1, place + 1, REMOVED)


def test_oldest_events_removed_show_also_when_the_first_line_hides_them(text):
    lines = lines_of(text)
    before = bytes.fromhex(json.loads(lines[40])["mac"])
    found = bad("".join(with_whole([lines[0], *lines[41:]], events=260, first=41, before=before)))
    assert (found.line, found.sequence, found.what) == (2, 41, REMOVED)


def test_a_changed_event_shows_also_when_the_words_agree(text):
    lines = lines_of(text)
    event = json.loads(lines[77])
    body = bytearray.fromhex(event["body"])
    body[1] ^= 2
    lines[77] = event_line(Event(body, bytes.fromhex(event["mac"]), event["sector"])) + "\n"
    found = bad("".join(lines))
    assert (found.line, found.sequence, found.what) == (78, 77, CHANGED)
    lines[77] = lines[77].replace('"opened"', '"wrong"')
    assert (bad("".join(lines)).line, bad("".join(lines)).what) == (78, CHANGED)


def test_two_events_that_changed_places_show(text):
    lines = lines_of(text)
    lines[50], lines[51] = lines[51], lines[50]
    found = bad("".join(lines))
    assert (found.line, found.sequence, found.what) == (51, 51, REORDERED)


def test_an_inserted_event_shows(text):
    lines = lines_of(text)
    found = bad("".join([*lines[:61], lines[60], *lines[61:]]))
    assert (found.line, found.sequence, found.what) == (62, 60, INSERTED)
    event = json.loads(lines[61])
    body = bytearray.fromhex(event["body"])
    body[1] ^= 2
    forged = event_line(Event(body, bytes.fromhex(event["mac"]), event["sector"])) + "\n"
    found = bad("".join([*lines[:61], forged, *lines[61:]]))
    assert (found.line, found.sequence, found.what) == (62, 61, INSERTED)


def test_an_export_that_was_cut_off_shows(text):
    lines = lines_of(text)
    assert bad("".join(lines[:200])).what == TRUNCATED
    assert bad(text[:-1]).what == TRUNCATED
    assert bad(text[: len(text) - 40]).line == 301


def test_newest_events_removed_show_against_an_expected_head(text):
    lines = lines_of(text)
    head = json.loads(lines[250])
    shorter = with_whole(lines[:251], events=250, head=Head(250, bytes.fromhex(head["mac"])))
    assert verify("".join(shorter), KEY).events == 250
    found = bad("".join(shorter), expected=head_of(text))
    assert (found.line, found.what) == (252, TRUNCATED)


def test_a_log_that_was_put_back_shows_against_an_expected_head(text):
    flash = logged(299)
    assert bad(text_of(flash), expected=head_of(text)).what == TRUNCATED
    audit = Audit(FlashDevice(flash), ID)
    audit.mount()
    audit.append(BOOT)
    audit.append(BOOT)
    went_on = text_of(flash)
    assert verify(went_on, KEY).events == 301
    found = bad(went_on, expected=head_of(text))
    assert (found.line, found.sequence, found.what) == (301, 300, FORKED)


def test_a_head_older_than_the_log_cannot_be_compared():
    found = bad(text_of(logged(6100)), expected=Head(1, bytes(4)))
    assert (found.line, found.what) == (2, FORGOTTEN)


def test_a_head_that_the_state_journal_names_is_expected_too(text):
    lines = with_whole(lines_of(text), told=Head(301, bytes(4)))
    assert bad("".join(lines)).what == TRUNCATED
    lines = with_whole(lines_of(text), told=Head(299, bytes(4)))
    assert (bad("".join(lines)).line, bad("".join(lines)).what) == (300, FORKED)


def test_a_head_that_is_not_the_last_event_shows(text):
    head = json.loads(lines_of(text)[20])["mac"]
    assert bad("".join(with_whole(lines_of(text), head=Head(20, bytes.fromhex(head))))).line == 1


def test_more_events_than_the_first_line_says_show(text):
    assert bad("".join(with_whole(lines_of(text), events=299))).line == 1


def test_another_key_is_told(text):
    assert bad(text, key=KEY[::-1]).what == WRONG_KEY


def test_events_without_a_key_are_told(text):
    lines = lines_of(text)
    last = json.loads(lines[-1])
    body = bytes.fromhex(last["body"])
    lines[-1] = event_line(Event(body, event_mac(UNKEYED, bytes(4), body), last["sector"])) + "\n"
    assert (bad("".join(lines)).line, bad("".join(lines)).what) == (301, UNKEYED_EVENT)


def test_a_log_that_was_begun_anew_is_told():
    flash = logged(200)
    image = bytearray(flash.snapshot())
    image[17 * 4096 + 64 : 17 * 4096 + 96] = bytes(32)
    flash.load(bytes(image))
    audit = Audit(FlashDevice(flash), ID)
    assert audit.mount() is not None
    audit.append(BOOT)
    assert bad(text_of(flash)).what == REMOVED


@given(data=st.data())
def test_any_single_change_is_found_where_it_is(short, data):
    lines = lines_of(short)
    place = data.draw(st.integers(1, 140))
    line = lines[place].rstrip("\n")
    at = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.characters(codec="ascii", exclude_characters=line[at] + "\n"))
    mutated = line[:at] + other + line[at + 1 :]
    found = bad("".join([*lines[:place], mutated + "\n", *lines[place + 1 :]]))
    assert (found.line, found.what) == (place + 1, CHANGED)


@given(data=st.data())
def test_any_single_flip_of_body_or_mac_is_found_where_it_is(short, data):
    lines = lines_of(short)
    place = data.draw(st.integers(1, 140))
    event = json.loads(lines[place])
    octets = bytearray.fromhex(event["body"] + event["mac"])
    octets[data.draw(st.integers(0, 27))] ^= 1 << data.draw(st.integers(0, 7))
    lines[place] = event_line(Event(octets[:24], octets[24:], event["sector"])) + "\n"
    assert bad("".join(lines)).line == place + 1


@given(data=st.data())
def test_any_event_moved_is_found(short, data):
    lines = lines_of(short)
    source, target = data.draw(st.integers(1, 140)), data.draw(st.integers(1, 140))
    assume(source != target)
    moved = lines.pop(source)
    lines.insert(target, moved)
    found = bad("".join(lines))
    assert (found.line, found.what) == (min(source, target) + 1, REORDERED)


@given(data=st.data())
def test_any_change_of_the_first_line_but_of_id_and_boots_is_found(short, data):
    first, rest = short.split("\n", 1)
    at = data.draw(st.integers(0, len(first) - 1))
    other = data.draw(st.characters(codec="ascii", exclude_characters=first[at] + "\n"))
    mutated = first[:at] + other + first[at + 1 :]
    told = {name: json.loads(first)[name] for name in ("journal", "boots", "told")}
    try:
        changed = {name: json.loads(mutated).get(name) for name in told}
    except ValueError:
        changed = told
    assume(changed == told)
    assert bad(f"{mutated}\n{rest}").line <= 142


@given(noise=st.binary(max_size=300))
def test_noise_is_no_log(noise):
    with pytest.raises(NoLog, match="not an exported log"):
        verify(noise.decode(errors="replace"), KEY)


def test_nested_brackets_are_no_log():
    with pytest.raises(NoLog):
        verify("[" * 100_000, KEY)


@pytest.mark.parametrize(
    "word", ["", "1", "1:", "1:0123456", "-1:01234567", "1:0123456G", "٣:01234567", "1:01234567\n"]
)
def test_what_is_no_head_is_refused(word):
    with pytest.raises(ValueError, match="is no head"):
        read_head(word)
