"""The part of the bus that is the radio: the station, sockets, names.

Each operation takes the port it arrived at and the request's payload, and returns the payload of the reply or None.
One that waits lets time pass, as far as the request says, and until then everything else happens that is due; what it
was to wait for and did not find is EAGAIN.
"""

import struct

from host_sim.chip import protocol
from host_sim.world.network import ANSWERS
from host_sim.world.radio import UP

_SOCKET = struct.Struct(protocol.SOCKET)
_COUNT = struct.Struct("<H")
_PLACE = struct.Struct(">4sH")
_CALL_US = protocol.STATUS_US  # what an operation of the network takes the chip at least


def _wifi_active(port, payload):
    port.world.radio.active(payload[0])
    if not payload[0]:
        port.world.network.drop()


def _wifi_connect(port, payload):
    bssid, size = struct.unpack_from("<6sB", payload)
    port.world.radio.connect(bssid if any(bssid) else None, payload[7 : 7 + size], payload[7 + size :])


def _wifi_disconnect(port, _):
    port.world.radio.disconnect()


def _wifi_status(port, _):
    port.spend(_CALL_US)
    radio = port.world.radio
    point = radio.access_point
    up = radio.state == UP
    state = (point.bssid, point.channel, point.signal, radio.state != "off", up, radio.status)
    return struct.pack(protocol.WIFI_STATE, *radio.addresses, *state)


def _wifi_address(port, payload):
    port.world.radio.address(struct.unpack("4s4s4s4s", payload))


def _wifi_reconnects(port, payload):
    port.world.radio.reconnects = payload[0]


def _wifi_scan(port, _):
    return port.world.radio.scan(port.spend)


def _open(port, payload):
    return _COUNT.pack(port.world.network.open(payload[0]))


def _socket(port, payload):
    """The socket that a request is about, until when to wait, and the rest of the request."""
    timeline = port.timeline
    port.wait_until(timeline.now_us + _CALL_US)
    number, wait = _SOCKET.unpack_from(payload)
    return port.world.network.socket(number), timeline.now_us + wait, payload[_SOCKET.size :]


def _connect(port, payload):
    connection, until, place = _socket(port, payload)
    connection.connect(*_place(place))
    if until == port.world.timeline.now_us:
        raise OSError(protocol.EINPROGRESS)
    _wait(port, until, connection.opened)


def _send(port, payload):
    connection, until, data = _socket(port, payload)
    port.spend(connection.computing_us(data))
    _wait(port, until, connection.room)
    return _COUNT.pack(connection.write(data))


def _receive(port, payload):
    connection, until, count = _socket(port, payload)
    _wait(port, until, connection.readable)
    return connection.read(*_COUNT.unpack(count))


def _send_to(port, payload):
    mailbox, _, rest = _socket(port, payload)
    mailbox.send_to(*_place(rest), rest[_PLACE.size :])


def _receive_from(port, payload):
    mailbox, until, count = _socket(port, payload)
    _wait(port, until, mailbox.ready)
    address, source, data = mailbox.take()
    return _PLACE.pack(bytes(map(int, address.split("."))), source) + data[: _COUNT.unpack(count)[0]]


def _close(port, payload):
    port.world.network.close(_SOCKET.unpack(payload)[0])


def _resolve(port, payload):
    world = port.world
    network = world.network
    answers = world.radio.up and network.resolver == ANSWERS
    if answers:
        port.spend(2 * network.delay_us)
    elif world.radio.state == UP:
        port.wait_until(world.timeline.now_us + protocol.FOR_EVER)
    name = payload.decode()
    if not answers or name not in network.names:
        raise OSError(protocol.EAI_FAIL)
    return bytes(map(int, network.names[name].split(".")))


def _wait(port, until, wanted):
    if not port.wait_until(until, wanted):
        raise OSError(protocol.EAGAIN)


def _place(payload):
    """Address as text, and port."""
    address, port = _PLACE.unpack_from(payload)
    return ".".join(map(str, address)), port


NET_OPERATIONS = {
    protocol.WIFI_ACTIVE: _wifi_active,
    protocol.WIFI_CONNECT: _wifi_connect,
    protocol.WIFI_DISCONNECT: _wifi_disconnect,
    protocol.WIFI_STATUS: _wifi_status,
    protocol.WIFI_ADDRESS: _wifi_address,
    protocol.WIFI_RECONNECTS: _wifi_reconnects,
    protocol.WIFI_SCAN: _wifi_scan,
    protocol.SOCKET_OPEN: _open,
    protocol.SOCKET_CONNECT: _connect,
    protocol.SOCKET_SEND: _send,
    protocol.SOCKET_RECEIVE: _receive,
    protocol.SOCKET_SEND_TO: _send_to,
    protocol.SOCKET_RECEIVE_FROM: _receive_from,
    protocol.SOCKET_CLOSE: _close,
    protocol.RESOLVE: _resolve,
}
