"""Home Assistant, by its MQTT discovery: a device for each lock whose owner wants one. Off unless the key file says so.

Told are bolt, door, battery, the last event and the time of the check-in; never a code, and nothing of duress: a
check-in that tells of one is not announced at all, and the event later reads like any other. Whoever may read these
topics at the broker reads along, since Home Assistant opens no seals. Only `home_assistant = "unlock"` offers something
to press; what is pressed waits for a check-in, as every command does.
"""

import json
from datetime import UTC, datetime

from firmware.net.messages import HELLO
from firmware.store.audit import Event
from tools.gateway.keyfile import OFF, UNLOCK
from tools.gateway.orders import order
from tools.log.words import event_words
from tools.protocol.messages import read

_PRESS = "UNLOCK"
_WITHIN_S = 300
_BOLT = ("between", "locked", "unlocked", "contradiction")


class Home:
    """Says what is to be published: (topic, payload, QoS, retained) each."""

    def topics(self, key_file):
        """What to subscribe to: nothing, unless a lock has something to press."""
        return [_press_topic(keys.id) for keys in key_file.locks.values() if keys.home == UNLOCK]

    def asks(self, topic):
        """Whether a message on this topic is one from Home Assistant."""
        return topic.endswith("/press")

    def receive(self, gateway, topic, message, retained):
        """Somebody pressed unlock. A retained message is an old one, and does nothing."""
        keys = next((keys for keys in gateway.keys.locks.values() if topic == _press_topic(keys.id)), None)
        if keys and keys.home == UNLOCK and not retained and message == _PRESS.encode():
            gateway.queue(keys, order(["unlock"], within=_WITHIN_S))

    def announce(self, key_file, store):
        """What Home Assistant is to know of all locks; what it was told of locks that are off now is taken back."""
        for keys in key_file.locks.values():
            row = store.lock(keys.id)
            if keys.home == OFF:
                if row["announced"]:
                    yield f"{row['announced']}/device/dropbolt-{keys.id}/config", b"", 1, True
                    yield _state_topic(keys.id), b"", 1, True
                    store.set_lock(keys.id, announced=None)
                continue
            yield f"{key_file.prefix}/device/dropbolt-{keys.id}/config", _json(discovery(keys)), 1, True
            store.set_lock(keys.id, announced=key_file.prefix)

    def state(self, keys, store):
        """What the lock last said, if Home Assistant is to know."""
        row = store.lock(keys.id)
        if keys.home == OFF or row["hello"] is None:
            return []
        hello = read(HELLO, row["hello"])
        said = {
            "bolt": "jammed" if hello.door & 8 else _BOLT[hello.door & 3],
            "door": "OFF" if hello.door & 4 else "ON",
            "battery": hello.millivolts / 1000,
            "seen": datetime.fromtimestamp(int(row["heard"]), UTC).isoformat(),
        }
        held = store.newest_event(keys.id)
        if held:
            said["event"] = event_words(Event(held["body"], held["mac"], held["sector"]))[1]
        return [(_state_topic(keys.id), _json(said), 1, True)]


def discovery(keys):
    """The lock as a device, in Home Assistant's terms."""
    sensors = {
        "bolt": {"platform": "sensor", "device_class": "enum", "options": [*_BOLT, "jammed"]},
        "door": {"platform": "binary_sensor", "device_class": "door"},
        "battery": {
            "platform": "sensor",
            "device_class": "voltage",
            "unit_of_measurement": "V",
            "entity_category": "diagnostic",
        },
        "event": {"platform": "sensor"},
        "seen": {"platform": "sensor", "device_class": "timestamp", "entity_category": "diagnostic"},
    }
    names = {"bolt": "Bolt", "door": "Door", "battery": "Battery", "event": "Last event", "seen": "Last check-in"}
    components = {
        name: fields
        | {"name": names[name], "unique_id": f"dropbolt-{keys.id}-{name}", "value_template": _template(name)}
        for name, fields in sensors.items()
    }
    if keys.home == UNLOCK:
        components["unlock"] = {
            "platform": "button",
            "name": "Unlock at the next check-in",
            "unique_id": f"dropbolt-{keys.id}-unlock",
            "command_topic": _press_topic(keys.id),
            "payload_press": _PRESS,
        }
    return {
        "device": {"identifiers": [f"dropbolt-{keys.id}"], "name": keys.label, "manufacturer": "Dropbolt"},
        "origin": {"name": "Dropbolt gateway"},
        "components": components,
        "state_topic": _state_topic(keys.id),
        "qos": 1,
    }


def _template(name):
    return "{{ value_json." + name + (" | default('') }}" if name == "event" else " }}")


def _state_topic(lock_id):
    return f"dropbolt/{lock_id}/state"


def _press_topic(lock_id):
    return f"dropbolt/{lock_id}/press"


def _json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
