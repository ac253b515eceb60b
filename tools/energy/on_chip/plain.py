"""main.py of a board that checks in as a sketch with umqtt does: message after message, each acknowledged.

OPTIONS, which stand before this: sizes of the messages `up`, and how many it waits for after the first of them, `down`.
"""

import time

import machine
import network
from umqtt import simple

_LOCK = "dropbolt/0000000000000000"


def join():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.ifconfig(("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1"))
    wlan.connect("dropbolt", "correct horse", bssid=bytes.fromhex("02d40b017001"))
    while not wlan.isconnected():
        time.sleep_ms(10)
    return wlan


def check_in():
    wlan = join()
    taken = []
    client = simple.MQTTClient("lock", "10.0.0.2", 1883, "lock", "password", 120)
    client.set_callback(lambda topic, message: taken.append(message))
    client.connect(False)
    client.subscribe(_LOCK + "/down", 1)
    hello, *others = OPTIONS["up"]
    client.publish(_LOCK + "/up/1", bytes(hello), qos=1)
    while len(taken) < OPTIONS["down"]:
        client.wait_msg()
    for size in others:
        client.publish(_LOCK + "/up/1", bytes(size), qos=1)
    client.disconnect()
    wlan.active(False)
    machine.deepsleep()


check_in()
