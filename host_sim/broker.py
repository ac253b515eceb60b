"""A broker for where nothing can be installed: amqtt, in a process of its own, on loopback, without TLS.

It is for the demo and for trying things out, and takes any password. A client needs some user name: without one amqtt
keeps nothing for it. What waited for a client reaches it with the RETAIN flag set, other than from mosquitto.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1]
_PATIENCE_S = 150
_PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}}


class LocalBroker:
    """Listens on `port` of 127.0.0.1 from its making to `close()`, which forgets all that waited; use it in a `with`.

    Raises OSError when it does not start.
    """

    def __init__(self):
        command = [sys.executable, "-m", "host_sim.broker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=_PROJECT, **pipes)
        told = self._process.stdout.readline()
        if not told:
            self.close()
            raise OSError("the broker did not start")
        self.port = int(told)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait(_PATIENCE_S)
        self._process.stdin.close()
        self._process.stdout.close()


async def _serve():
    """Tell the port on standard output, then serve until standard input ends."""
    from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
    from amqtt.broker import Broker

    broker = Broker({"listeners": {"default": {"type": "external"}}, "plugins": _PLUGINS})
    await broker.start()

    async def connected(reader, writer):
        await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default")

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
