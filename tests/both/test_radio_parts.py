"""What a check-in is made of: settings, memory, names, Wi-Fi, and when the next one is."""

import json

from wire import Wire

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT
from firmware.net import names, when
from firmware.net.link import NAME, UNSEEN_MS, WIFI, LinkError
from firmware.net.recall import Recall
from firmware.net.settings import SETTINGS, Radio, RadioError, is_address, pack
from firmware.net.wifi import join

LOCK = b"\x01\x02\x03\x04\x05\x06\x07\x08"
ROOT = b"r" * 32
KEYS = b"\x01\x01" + ROOT
GOOD = {
    "ssid": "house",
    "password": "secret",
    "bssid": "02d40b017001",
    "address": ["10.0.0.9", "255.255.255.0", "10.0.0.1", "10.0.0.1"],
    "host": "broker.example",
    "port": 8883,
    "ip": "",
    "security": "certificate",
    "key": "",
    "user": "lock",
    "login": "secret",
    "gateway": 1,
    "often_s": 300,
    "rarely_s": 3600,
}


def radio(more=None, **changed):
    fields = dict(GOOD)
    fields.update(changed)
    return Radio(json.dumps(fields).encode(), pack(KEYS, b"DER") if more is None else more)


def complaint(more=None, **changed):
    try:
        radio(more, **changed)
    except RadioError as error:
        return error.setting
    return "nothing"


def test_good_settings_are_read():
    found = radio()
    assert (found.ssid, found.bssid, found.port, found.gateway) == ("house", b"\x02\xd4\x0b\x01\x70\x01", 8883, 1)
    assert found.keys.root(1, 1) == ROOT
    assert found.authority == b"DER"
    assert radio(address=[], bssid="").address == ()
    assert radio(security="key", key="ab" * 32).key == b"\xab" * 32
    assert radio(security="insecure", more=pack(KEYS)).security == "insecure"


def test_each_setting_has_its_bounds():
    wrong = {
        "ssid": ("", "x" * 33, 5),
        "password": ("x" * 65, None),
        "bssid": ("02d40b0170", "zz", 7),
        "address": (["10.0.0.9"], ["10.0.0.9", "a", "b", "c"], "10.0.0.9"),
        "host": ("", 5),
        "port": (0, 65536, "8883", True),
        "ip": ("10.0.0", "10.0.0.256", "broker", 5),
        "security": ("", "none", "Insecure", None),
        "key": ("ab" * 31, 5),
        "user": (5,),
        "login": (5,),
        "gateway": (0, 256),
        "often_s": (59, 86401),
        "rarely_s": (-1, 299, 604801),
    }
    for name in SETTINGS:
        for value in wrong[name]:
            assert complaint(**{name: value}) == name, (name, value)


def test_what_is_missing_or_unknown_is_named():
    for name in SETTINGS:
        fields = dict(GOOD)
        del fields[name]
        try:
            Radio(json.dumps(fields).encode(), pack(KEYS, b"DER"))
        except RadioError as error:
            assert error.setting == name
            continue
        raise AssertionError(name)
    assert complaint(colour="red") == "colour"
    for text in (b"", b"[]", b"{", b"5", b"\xff\xfe"):
        try:
            Radio(text, pack(KEYS))
        except RadioError as error:
            assert error.setting is None
            continue
        raise AssertionError(text)


def test_no_security_comes_by_leaving_it_out():
    assert complaint(pack(KEYS)) == "authority"
    assert complaint(security="key") == "key"


def test_damaged_keys_are_no_keys():
    for more in (b"", b"\x01", b"\xff\xff" + KEYS, pack(KEYS[:-1]), pack(b"\0\0" + ROOT), pack(KEYS + KEYS)):
        assert complaint(more, security="insecure") == "keys"


def test_addresses():
    for text in ("0.0.0.0", "255.255.255.255", "10.0.0.2"):
        assert is_address(text)
    for text in ("", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "a.b.c.d", "1..2.3", "1.2.3.0004", 5, None):
        assert not is_address(text)


def test_no_nonce_comes_twice_as_long_as_the_memory_lasts():
    recall = Recall(b"")
    assert recall.fresh
    assert [recall.next_nonce(3), recall.next_nonce(3)] == [(3, 0), (3, 1)]
    kept = Recall(recall.packed())
    assert not kept.fresh
    assert [kept.next_nonce(3), kept.next_nonce(4), kept.next_nonce(4)] == [(3, 2), (4, 0), (4, 1)]
    assert Recall(recall.packed()[:-1]).fresh
    recall.limits = b"more"
    assert Recall(recall.packed()).limits == b"more"


def test_an_address_that_was_given_is_used_for_half_a_day():
    recall = Recall(b"")
    given = ("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1")
    assert recall.addresses(1000) == ()
    recall.keep_addresses(given, 1000)
    recall = Recall(recall.packed())
    assert recall.addresses(1000) == recall.addresses(44199) == given
    assert recall.addresses(44200) == recall.addresses(999) == ()
    recall.forget_addresses()
    assert recall.addresses(1001) == ()


# Names


class Server(Wire):
    """A name server: answers the n-th question with the n-th of `answers`, None: not at all."""

    def __init__(self, *answers, source="10.0.0.1"):
        super().__init__()
        self.answers = list(answers)
        self.source = source
        self.inbox = []
        self.asked = []

    def sendto(self, data, address):
        assert address == ("10.0.0.1", 53)
        self.asked.append(data)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            self.inbox.append(data[:2] + answer if len(answer) < 2 or answer[:2] != b"ID" else answer[2:])

    def recvfrom(self, count):
        if not self.inbox:
            raise OSError(11)
        return self.inbox.pop(0)[:count], (self.source, 53)


QUESTION = names.question("broker.example", 0x1234)[12:]
A = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x02"
ALIAS = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x07\x04else\xc0\x13"
OK = b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + QUESTION + A


def resolved(server, number=0x1234, deadline=3000):
    try:
        return names.resolve(server, "10.0.0.1", "broker.example", number, server.now, server.turn, deadline)
    except LinkError as error:
        return error.reason


def test_a_name_is_asked_for_as_rfc_1035_has_it():
    server = Server(OK)
    assert resolved(server) == b"\x0a\x00\x00\x02"
    assert server.asked == [b"\x124\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06broker\x07example\x00\x00\x01\x00\x01"]


def test_an_alias_before_the_address_is_passed_over():
    two = OK[:4] + b"\x00\x02" + OK[6:10] + QUESTION + ALIAS + A
    assert resolved(Server(two)) == b"\x0a\x00\x00\x02"


def test_the_question_is_asked_again_and_not_for_ever():
    server = Server(None, None, OK)
    assert resolved(server) == b"\x0a\x00\x00\x02"
    assert len(server.asked) == 3
    server = Server()
    assert resolved(server) == NAME
    assert (len(server.asked), server.ms) == (3, 3000)


def test_what_is_no_answer_is_none():
    for wrong in (
        b"",
        b"\x81",
        b"ID\x99\x99" + OK,
        b"\x01\x00" + OK[2:],  # a question
        b"\x81\x83" + OK[2:],  # there is no such name
        OK[:-1],
        OK[:10] + QUESTION[:-1] + b"\x02" + A,  # of another class
        OK[:4] + b"\xff\xff" + OK[6:10] + QUESTION + b"\xc0\x0c\x00\x10" + A[4:],
        OK[:10] + QUESTION + b"\x3f" * 30,
    ):
        assert resolved(Server(wrong)) == NAME, wrong
    assert resolved(Server(OK, source="10.0.0.66")) == NAME
    for size in range(len(OK)):
        assert resolved(Server(OK[:size])) == NAME


class Flood(Server):
    """Answers without end, each of which takes a ms to be looked at, and never the right one."""

    def recvfrom(self, count):
        self.ms += 1
        self.longest = max(self.longest, self.ms - self.since)
        return OK[:-1], ("10.0.0.1", 53)

    def turn(self):
        super().turn()
        self.since = self.ms


def test_answers_without_end_keep_nobody_from_the_keypad():
    server = Flood()
    server.since = server.longest = 0
    assert resolved(server) == NAME
    assert 0 < server.longest <= UNSEEN_MS + 1
    assert server.ms < 3000 + 20


def test_no_question_about_what_is_no_name():
    for host in ("a..b", "x" * 64, ""):
        try:
            names.question(host, 1)
        except LinkError as error:
            assert error.reason == NAME
            continue
        raise AssertionError(host)


# Wi-Fi


class Station(Wire):
    """A station interface that gets its address after so many turns, where it is called as `good` says."""

    def __init__(self, good=None, after=20):
        super().__init__()
        self.good, self.after = good, after
        self.calls = []
        self.since = None
        self.addresses = None

    def active(self, on):
        self.calls.append("on" if on else "off")

    def disconnect(self):
        self.calls.append("disconnect")
        self.since = None

    def connect(self, ssid, key, bssid=None):
        assert (ssid, key) == ("house", "secret")
        self.calls.append(bssid)
        self.since = self.turns

    def isconnected(self):
        good = self.good is None or self.good == (self.addresses, self.calls[-1])
        return good and self.since is not None and self.turns - self.since >= self.after

    def ifconfig(self, addresses=None):
        if addresses:
            self.addresses = addresses
        return ("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.53") if self.addresses == "dhcp" else self.addresses


def joined(wlan, settings, recall, deadline=20000):
    try:
        return join(wlan, settings, recall, 5000, wlan.now, wlan.turn, deadline)
    except LinkError as error:
        return error.reason


def test_the_quick_way_into_the_network():
    recall, wlan = Recall(b""), Station()
    assert joined(wlan, radio(), recall) == "10.0.0.1"
    assert wlan.calls == ["on", b"\x02\xd4\x0b\x01\x70\x01"]
    assert wlan.addresses == tuple(GOOD["address"])
    assert recall.addresses(5000) == ()


def test_an_address_that_was_given_is_not_asked_for_again():
    recall = Recall(b"")
    assert joined(Station(), radio(address=[]), recall) == "10.0.0.53"
    wlan = Station()
    assert joined(wlan, radio(address=[]), recall) == "10.0.0.53" or wlan.addresses != "dhcp"
    assert wlan.addresses == recall.addresses(5000)


def test_what_leads_nowhere_is_given_up_for_the_slow_way():
    recall = Recall(b"")
    wlan = Station(good=("dhcp", None))
    assert joined(wlan, radio(address=[]), recall) == "10.0.0.53"
    assert wlan.calls == ["on", b"\x02\xd4\x0b\x01\x70\x01", "disconnect", None]
    assert wlan.ms == 4000 + 200
    wlan = Station(good=(recall.addresses(5000), None))
    assert joined(wlan, radio(address=[]), recall) == "10.0.0.53"
    assert wlan.calls == ["on", None]  # the access point of the settings did not answer the last time


def test_no_network_ends_at_the_deadline():
    wlan = Station(good="none")
    assert joined(wlan, radio(), Recall(b""), 9000) == WIFI
    assert wlan.ms == 9000


# When

DAY = 86400
NOW = 1900000000


def grants(*windows):
    records = [
        pack_grant(id=n, kind=EVENT, key=b"k" * 20, valid_from=since, valid_until=until)
        for n, (since, until) in enumerate(windows, 1)
    ]
    return Grants(b"".join(records))


def seconds(table, t=NOW, failures=0, lock=LOCK, **changed):
    return when.next_in(radio(**changed), table, t, failures, lock, 5)


def near(found, expected):
    return expected * 9 // 10 <= found <= expected


def test_rarely_while_nothing_is_expected_and_often_while_something_is():
    assert near(seconds(grants((0, 0))), 3600)
    assert near(seconds(grants((NOW - 60, NOW + 7200))), 300)
    assert near(seconds(grants((NOW - 7200, NOW - 60))), 3600)
    assert near(seconds(grants((NOW - 60, NOW + 30 * DAY))), 3600)
    assert near(seconds(grants((NOW + 1000, NOW + 7200))), 1000)
    assert near(seconds(grants((NOW + 100, NOW + 7200))), 300)
    assert near(seconds(grants((NOW - 60, NOW + 7200)), t=0), 3600)


def test_never_by_itself_where_the_settings_say_so():
    assert seconds(grants((NOW - 60, NOW + 7200)), rarely_s=0) == 0


def test_failures_double_the_time_up_to_a_day():
    found = [seconds(grants(), failures=n) for n in range(12)]
    assert found == sorted(found)
    assert near(found[1], 7200)
    assert near(found[11], DAY)
    assert near(seconds(grants(), failures=9, rarely_s=3 * DAY), 3 * DAY)


def test_locks_spread():
    found = {seconds(grants(), lock=bytes((n,)) * 8) for n in range(200)}
    assert len(found) > 100
    assert min(found) >= 3240 and max(found) <= 3600


def test_ten_thousand_locks_that_failed_in_the_same_second_come_back_over_twelve_minutes():
    settings, table, back = radio(), grants(), {}
    for n in range(10000):
        after = when.next_in(settings, table, NOW, 1, n.to_bytes(8, "big"), 5)
        back[after] = back.get(after, 0) + 1
    assert min(back) >= 7200 - 720 and max(back) <= 7200
    assert max(back.values()) <= 40  # 14 a second on average


def test_what_is_urgent_is_tried_again_after_a_minute_doubled_up_to_an_hour():
    urgent = [when.again_in(True, tries, LOCK) for tries in range(12)]
    wanted = (60, 120, 240, 480, 960, 1920) + (3600,) * 6
    assert [near(found, least) for found, least in zip(urgent, wanted)] == [True] * 12
    other = [when.again_in(False, tries, LOCK) for tries in range(300)]
    assert near(other[0], 3600) and near(other[4], 57600)
    assert {near(found, DAY) for found in other[5:]} == {True}
    assert len({when.again_in(True, 0, bytes((n,)) * 8) for n in range(200)}) > 3
