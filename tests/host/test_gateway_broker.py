"""The gateway against a broker that speaks no MQTT, or not well: nothing of that is heard, and the gateway goes on."""

import socket
import threading
from contextlib import suppress

import pytest

from tools.gateway.connection import Connection
from tools.gateway.keyfile import Broker

CONNACK = b"\x20\x02\x00\x00"


def publish(topic, payload=b"", size=None):
    body = (len(topic) if size is None else size).to_bytes(2, "big") + topic + payload
    return bytes((0x30, len(body))) + body


@pytest.mark.parametrize(
    "said",
    [
        CONNACK + publish(b"\xff\xfe/up/1", b"text"),
        CONNACK + publish(b"", size=0),
        CONNACK + publish(b"short", size=900),
        CONNACK + b"\x30\x01\x00",
        CONNACK + b"\x34\x03\x00\x01x",
        CONNACK + b"\x90\x01\x00",
        CONNACK + b"\x90\x02\x00\x01",
        CONNACK + b"\x40\x01\x00",
        CONNACK + b"\xf0\x00",
        CONNACK + b"\x30\xff\xff\xff\xff\xff\x7f",
        b"\x20\x00",
        b"\x20\x02\x00\x63",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_a_broker_that_speaks_no_mqtt_does_not_end_the_gateway(said):
    told = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(said)
                with suppress(ConnectionError):
                    while peer.recv(4096):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        broker = Broker("127.0.0.1", server.getsockname()[1], insecure=True)
        connection = Connection(broker, lambda: ["a/up/1"], lambda word, text: told.append(text))
        heard = []
        for _ in range(50):
            heard += connection.step(0.02)
            if any("; again in " in text for text in told):
                break
        connection.close()
        thread.join(10)
    assert not thread.is_alive()
    assert heard == []
