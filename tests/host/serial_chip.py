"""The ESP32's serial loader with its flash, at a TCP port that esptool takes for a serial one.

Follows the "Serial Protocol" of esptool's documentation: the ROM's commands until the stub is uploaded, then those of
the stub. Programming clears bits only, so that what was not erased shows.
"""

import hashlib
import socket
import struct
import threading
import zlib

SYNC, READ_REG, MEM_END, DEFLATED_BEGIN, DEFLATED_DATA, MD5 = 0x08, 0x0A, 0x06, 0x10, 0x11, 0x13
ERASE_FLASH, READ_FLASH = 0xD0, 0xD2
SECTOR = 4096
_REGISTERS = {0x40001000: 0x00F01D83, 0x3FF40014: 347}  # which chip this is; the divider of a 40 MHz crystal
_SPI_W0 = 0x3FF42080


class SerialChip:
    """`flash` is a bytearray. `name` is the port for esptool. `fail_after`: writes until the cable is gone, or None."""

    def __init__(self, flash, magic=None):
        self.flash = flash
        self.fail_after = None
        self.erased = set()
        """Numbers of the sectors that were erased."""
        size = len(flash).bit_length() - 1
        self._registers = {**_REGISTERS, _SPI_W0: 0x40EF | size << 16}
        if magic:
            self._registers[0x40001000] = magic
        self._server = socket.create_server(("127.0.0.1", 0))
        self.name = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _serve(self):
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            with link:
                try:
                    self._converse(link)
                except (ConnectionError, EOFError):
                    pass

    def _converse(self, link):
        frames = _frames(link)
        for frame in frames:
            _, operation, size, _ = struct.unpack_from("<BBHI", frame)
            body = frame[8 : 8 + size]
            if operation == SYNC:
                for _ in range(8):
                    _send(link, struct.pack("<BBHI", 1, SYNC, 4, 1) + bytes(4))
            elif operation == READ_FLASH:
                self._read(link, frames, *struct.unpack_from("<IIII", body))
            else:
                value, data = self._do(operation, body)
                _send(link, struct.pack("<BBHI", 1, operation, len(data) + 2, value) + data + bytes(2))
                if operation == MEM_END:
                    _send(link, b"OHAI")

    def _do(self, operation, body):
        """Value and data of the answer."""
        if operation == READ_REG:
            return self._registers.get(struct.unpack("<I", body)[0], 0), b""
        if operation == ERASE_FLASH:
            self._erase(0, len(self.flash))
        elif operation == DEFLATED_BEGIN:
            size, _, _, self._at = struct.unpack_from("<IIII", body)
            self._inflate = zlib.decompressobj()
            self._erase(self._at, size)
        elif operation == DEFLATED_DATA:
            self._program(self._inflate.decompress(body[16:]))
        elif operation == MD5:
            start, size = struct.unpack_from("<II", body)
            return 0, hashlib.md5(self.flash[start : start + size]).digest()
        return 0, b""

    def _erase(self, start, size):
        first, last = start // SECTOR, -(-(start + size) // SECTOR)
        self.flash[first * SECTOR : last * SECTOR] = b"\xff" * ((last - first) * SECTOR)
        self.erased |= set(range(first, last))

    def _program(self, content):
        if self.fail_after is not None:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise EOFError
        start, self._at = self._at, self._at + len(content)
        there = int.from_bytes(self.flash[start : self._at])
        self.flash[start : self._at] = (there & int.from_bytes(content)).to_bytes(len(content))

    def _read(self, link, frames, start, size, block, _):
        _send(link, struct.pack("<BBHI", 1, READ_FLASH, 2, 0) + bytes(2))
        content = bytes(self.flash[start : start + size])
        for at in range(0, size, block):
            _send(link, content[at : at + block])
            next(frames)
        _send(link, hashlib.md5(content).digest())


def _send(link, packet):
    link.sendall(b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")


def _frames(link):
    """The packets that arrive (SLIP, RFC 1055)."""
    received = b""
    while True:
        start, begun, rest = received.partition(b"\xc0")
        frame, ended, after = rest.partition(b"\xc0")
        if begun and ended:
            received = after
            if frame:
                yield frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
            continue
        more = link.recv(65536)
        if not more:
            raise EOFError
        received += more
