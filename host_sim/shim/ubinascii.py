"""The older name of `binascii`, which umqtt imports."""

from binascii import a2b_base64 as a2b_base64
from binascii import b2a_base64 as b2a_base64
from binascii import hexlify as hexlify
from binascii import unhexlify as unhexlify
