"""What chip and world say to each other over the bus, as bytes where they are two processes.

Request: operation u8, instant u64, last feeding of the watchdog u64, time spent in light sleeps of which the world was
not asked u64 (microseconds since the last request), bytes of flash that the chip has read by itself since then u32,
measurements of the battery that it knew ahead and has made since then u8, size of the tail u16, payload, tail. The tail
tells what the outputs have done and could wait for this request, since no time has passed or only an onlooker cares:
items of instant u64, GPIO u8, frequency u32 in Hz (0: a steady level), duty u16.

Reply: instant u64, next u64, levels u64 (bit = GPIO), contacts u16 (bit = row * 3 + column), error i16 (0, or the
number for OSError), size u16 of the payload that follows, LEGIBLE and WATCHED, added up, u8.

Little-endian; instants are microseconds since the reset that began this boot.
"""

from micropython import const

REQUEST = "<BQQQIBH"
ITEM = "<QBIH"
REPLY = "<QQQHhHB"
REPLY_SIZE = const(31)
# pads held high, pads held low, pads to tell of at once, reset cause, wake reason, matrix, MAC
HELLO_REPLY = "<QQQBB4B3B6s"
SLEEP = "<QQbBBBB"  # until (0: no timer), ext1 mask, ext0 pin (-1: none), ext0 and ext1 level, rows high, rows driven

# operations
HELLO = const(0)  # -> HELLO_REPLY
SYNC = const(1)  # let the world catch up with the instant
WAIT = const(2)  # until u64
LIGHT_SLEEP = const(3)  # SLEEP -> wake reason u8
DEEP_SLEEP = const(4)  # SLEEP, pads held high u64, pads held low u64; no reply
RESET = const(5)  # cause u8; no reply
ADC = const(7)  # GPIO u8 -> READINGS in microvolts u32: now, and each ADC_US later, if nothing happens before
I2C_READ = const(8)  # address u8, register u8, count u16 -> bytes
I2C_WRITE = const(9)  # address u8, register u8, bytes
I2C_SCAN = const(10)  # -> addresses
RTC_GET = const(11)  # -> microseconds since 2000 u64
RTC_SET = const(12)  # microseconds since 2000 u64
RTC_MEMORY_GET = const(13)  # -> bytes
RTC_MEMORY_SET = const(14)  # bytes
WATCHDOG = const(15)  # timeout u32 in ms
PARTITIONS = const(16)  # -> type u8, subtype u8, address u32, size u32, label 16s, one after the other
FLASH_READ = const(17)  # address u32, count u32 -> bytes
FLASH_PROGRAM = const(18)  # address u32, bytes
FLASH_ERASE = const(19)  # address u32, count u32
NVS_GET_BLOB = const(20)  # namespace 16s, key 16s -> bytes
NVS_SET_BLOB = const(21)  # namespace 16s, key 16s, bytes
NVS_GET_I32 = const(22)  # namespace 16s, key 16s -> i32
NVS_SET_I32 = const(23)  # namespace 16s, key 16s, i32
NVS_ERASE = const(24)  # namespace 16s, key 16s
NVS_COMMIT = const(25)  # namespace 16s
PROMPT = const(26)  # what MicroPython would print before its prompt; a reply if somebody may use it
WIFI_ACTIVE = const(27)  # whether to be on u8
WIFI_CONNECT = const(28)  # BSSID 6s (zeros: any), size of the SSID u8, SSID, key
WIFI_DISCONNECT = const(29)
WIFI_STATUS = const(30)  # -> WIFI_STATE
WIFI_ADDRESS = const(31)  # address, netmask, gateway, DNS server 4s each; zeros: by DHCP
WIFI_RECONNECTS = const(32)  # how often to try u8 (0: for ever)
SOCKET_OPEN = const(33)  # SOCK_STREAM or SOCK_DGRAM u8 -> number u16
SOCKET_CONNECT = const(34)  # SOCKET, address 4s, port u16
SOCKET_SEND = const(35)  # SOCKET, bytes -> count u16
SOCKET_RECEIVE = const(36)  # SOCKET, at most so many u16 -> bytes, none when the peer has closed
SOCKET_SEND_TO = const(37)  # SOCKET, address 4s, port u16, bytes
SOCKET_RECEIVE_FROM = const(38)  # SOCKET, at most so many u16 -> address 4s, port u16, bytes
SOCKET_CLOSE = const(39)  # SOCKET
RESOLVE = const(40)  # host name -> address 4s
WIFI_SCAN = const(41)  # -> nothing, or BSSID 6s, channel u8, signal in dBm i8, SSID
RESET_LATER = const(42)  # in so many ms u32

# address, netmask, gateway, DNS server, BSSID, channel, signal in dBm, whether active, connected, status
WIFI_STATE = "<4s4s4s4s6sBbBBH"
STATUS_US = const(50)  # what it takes to ask for it, so that a loop that only asks comes to an end
SOCKET = "<HQ"  # number, how many microseconds to wait at most
FOR_EVER = const(0x1000000000000000)

# what a reply says of the world
LEGIBLE = const(1)  # the chip may read the flash by itself
WATCHED = const(2)  # somebody waits for what LED and buzzer do: to be told soon

READINGS = const(5)
ADC_US = const(60)

# how long it takes to read flash: so many microseconds, and one more for each so many bytes
READ_CALL_US = const(15)
READ_BYTES_PER_US = const(10)

# kinds of SOCKET_OPEN
STREAM = const(1)
DATAGRAM = const(2)

# errors of sockets, with ESP-IDF's numbers (newlib)
EBADF = const(9)
EAGAIN = const(11)
ECONNRESET = const(104)
ECONNREFUSED = const(111)
ECONNABORTED = const(113)
ETIMEDOUT = const(116)
EHOSTUNREACH = const(118)
EINPROGRESS = const(119)
ENOTCONN = const(128)
EAI_FAIL = const(-202)  # a name that is not resolved (lwIP)

RETURNED = "main.py returned"
"""What PROMPT says when main.py did."""

# levels of an output
LOW = const(0)
HIGH = const(1)
FLOATING = const(2)

# reasons for a reset, as `machine.reset_cause()` says them
POWER_ON = const(1)
HARD_RESET = const(2)
WATCHDOG_RESET = const(3)
DEEP_SLEEP_RESET = const(4)
SOFT_RESET = const(5)

# reasons to wake, as `machine.wake_reason()` says them
EXT0 = const(2)
EXT1 = const(3)
TIMER = const(4)


def wake_source(levels, ext1_mask, ext0_pin, ext0_level, ext1_level):
    """EXT0 or EXT1 when the pads' `levels` (a mask) satisfy what is armed, else 0."""
    if ext0_pin >= 0 and levels >> ext0_pin & 1 == ext0_level:
        return EXT0
    if ext1_mask and (levels & ext1_mask if ext1_level else not levels & ext1_mask):
        return EXT1
    return 0
