"""The gateway's connection to its broker, by paho-mqtt: TLS, made anew whenever it breaks.

It runs in its caller's thread and never queues anything while there is no connection: what could not be said then is
sealed anew for the next check-in.
"""

import random
import ssl
import time
from collections import deque

import paho.mqtt.client as mqtt

_NAME = "dropbolt-gateway"
_KEEPALIVE_S = 30
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60
_MOST = 500
"""Messages that are handed over at once, so that answers do not wait for all of a rush."""


class Connection:
    """To a keyfile.Broker. topics(): what to subscribe to, each time. told(word, text): shows what happens.

    joined: set when a connection has been made and its subscriptions hold; the caller clears it.
    """

    def __init__(self, broker, topics, told):
        self._broker = broker
        self._topics = topics
        self._told = told
        self._client = None
        self._inbox = deque()
        self._wait = _FIRST_WAIT_S
        self._next = 0.0
        self.joined = False

    def step(self, timeout):
        """Messages that have come, (topic, payload, retained) each, after at most `timeout` s without any."""
        if self._client is None and not self._connect(timeout):
            return []
        self._loop(timeout)
        seen = -1
        while self._client and seen < len(self._inbox) < _MOST:  # whatever else is there already
            seen = len(self._inbox)
            self._loop(0)
        return [self._inbox.popleft() for _ in range(len(self._inbox))]

    def publish(self, topic, payload, qos, retained):
        """Say something, if there is a connection."""
        if self._client:
            self._client.publish(topic, payload, qos, retained)

    def close(self):
        """Take leave, once the broker has what was said."""
        patience = time.monotonic() + 1
        while self._client and self._client.want_write() and time.monotonic() < patience:
            self._loop(0.05)
        if self._client:
            self._client.disconnect()
        self._client = None

    def renew(self):
        """Subscribe again: the topics are others."""
        if self._client and self._client.is_connected():
            self._subscribe()

    def _connect(self, timeout):
        if time.monotonic() < self._next:
            time.sleep(min(timeout, self._next - time.monotonic()))
            return False
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, _NAME, clean_session=True, reconnect_on_failure=False)
        client.max_inflight_messages_set(0)
        client.on_message = self._heard
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        if self._broker.user is not None:
            client.username_pw_set(self._broker.user, self._broker.password)
        try:
            if not self._broker.insecure:
                client.tls_set_context(ssl.create_default_context(cadata=self._broker.ca.read_text()))
            client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._broken(error)
            return False
        self._client = client
        return True

    def _connected(self, _client, _data, _flags, reason, _properties):
        if reason.is_failure:
            self._told("broker", f"refused: {reason}")
            return
        self._subscribe()

    def _subscribe(self):
        self._client.subscribe([(topic, 1) for topic in self._topics()])

    def _subscribed(self, _client, _data, _mid, reasons, _properties):
        if any(reason.is_failure for reason in reasons):
            self._told("broker", "does not let this user read what the locks say: look at its ACL")
            return
        self._told("broker", "connected" if not self._broker.insecure else "connected WITHOUT TLS: see who reads along")
        self._wait = _FIRST_WAIT_S
        self.joined = True

    def _heard(self, _client, _data, said):
        try:
            self._inbox.append((said.topic, said.payload, said.retain))
        except UnicodeDecodeError:  # a topic that no lock has, from a broker that should not let it through
            pass

    def _loop(self, timeout):
        """One turn of the client; a connection that broke is given up."""
        if self._client.loop(timeout) != mqtt.MQTT_ERR_SUCCESS:
            self._client = None
            self._broken("the connection broke")

    def _broken(self, why):
        wait = self._wait * random.uniform(0.5, 1)
        self._told("broker", f"{why}; again in {wait:.1f} s")
        self._next = time.monotonic() + wait
        self._wait = min(2 * self._wait, _LONGEST_WAIT_S)
