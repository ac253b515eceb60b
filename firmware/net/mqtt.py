"""MQTT for one check-in, by `umqtt.simple`: of what its versions 1.3.4 to 1.8 share, and nothing else.

The session is one that the broker keeps, with one subscription: what is published for the lock while it sleeps waits
there. umqtt acknowledges a message after `take` has had it; a message may come twice, and its counter tells.
"""

from binascii import hexlify

from micropython import const

from firmware.net.link import DENIED, NONSENSE, LinkError

_PINGRESP = const(0xD0)
_KEEPALIVE_S = const(120)  # longer than any check-in: the broker notices one that ended without a word


class Mqtt:
    """A client over `link`, a Link. simple: the module `umqtt.simple`.

    lock: its id, 8 bytes. user, password: None for neither. take(message): is given what comes. turn(): serves whoever
    is at the keypad while nothing comes. Methods raise LinkError; nothing else of umqtt's gets out.
    """

    def __init__(self, simple, link, lock, address, user, password, take, turn):
        simple.socket = link
        name = hexlify(lock)
        self._link = link
        self._turn = turn
        self._topic = b"dropbolt/" + name
        self._refusal = simple.MQTTException
        self._client = simple.MQTTClient(b"dropbolt-" + name, *address, user, password, _KEEPALIVE_S)
        self._client.set_callback(lambda topic, message: take(message))

    def connect(self, anew=False):
        """Connect, and subscribe where the broker has kept no session, or with `anew`."""
        if not self._try(self._client.connect, False) or anew:
            self._try(self._client.subscribe, self._topic + b"/down", 1)

    def say(self, number, message):
        """Publish to issuer `number`, with the next read at the latest."""
        self._try(self._client.publish, self._topic + b"/up/%d" % number, message)

    def poll(self):
        """Take what has come, if anything has; returns whether."""
        self._try(self._client.check_msg)
        return not self._link.idle

    def settle(self):
        """Wait until the broker has all that was said."""
        self._link.kind = 0
        self._try(self._client.ping)
        while self._link.kind != _PINGRESP:
            if not self.poll():
                self._turn()

    def close(self):
        """Take leave of the broker."""
        self._try(self._client.disconnect)

    def _try(self, step, *arguments):
        """A step of umqtt, which checks what comes by `assert` and by running into it."""
        try:
            return step(*arguments)
        except LinkError:
            raise
        except self._refusal:
            raise LinkError(DENIED)
        except (AssertionError, IndexError, TypeError, ValueError, MemoryError, OSError):
            raise LinkError(NONSENSE)
