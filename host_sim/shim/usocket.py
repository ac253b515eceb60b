"""The older name of `socket`, which umqtt imports."""

from socket import AF_INET as AF_INET
from socket import SOCK_DGRAM as SOCK_DGRAM
from socket import SOCK_STREAM as SOCK_STREAM
from socket import getaddrinfo as getaddrinfo
from socket import socket as socket
