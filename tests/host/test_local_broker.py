"""The broker inside this program keeps messages for a lock that sleeps, and umqtt on the chip gets them."""

import pytest

from host_sim.broker import LocalBroker
from host_sim.runtime import RUNTIMES
from host_sim.world.ends import TcpEnd
from tests.host.boards import board
from tests.host.broker import GATEWAY
from tests.host.mqtt_client import MqttClient
from tests.host.test_chip_mqtt import JOIN, LIBRARY, SESSION, check_in_twice


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_persistent_session_keeps_what_came_meanwhile(tmp_path, runtime):
    main = JOIN + "from umqtt import simple\n" + SESSION.replace("8883", "1883")
    with LocalBroker() as broker, board(tmp_path, runtime, main, library=LIBRARY) as world:
        world.network.routes["10.0.0.2", 1883] = lambda: TcpEnd(broker.port)
        gateway = MqttClient(broker.port, GATEWAY)
        gateway.subscribe("dropbolt/+/up/+")
        check_in_twice(world, gateway)
        gateway.close()
