"""Helper process that forks a MicroPython VM for each boot; vm.py starts it as a script, without `site`.

Importing the VM once and forking costs a tenth of starting it; forking wants a process of one thread. Requests come as
packets on the socket whose file number is the first argument; a packet brings the files of the boot (bus, output, and
the memory of its flash where it has one):

    fork\\0MICROPYPATH\\0folder\\0argument\\0...  the child's first packet on the bus is its process id, as text
    reap\\0process id                           the process has been killed

A child stays a zombie until its `reap` came, so that the id can be killed without hitting a stranger. When the socket
closes, the harness is gone and every child is killed.
"""

import ctypes
import mmap
import os
import signal
import socket
import sys

_MAX_PACKET = 8192
_REAP_AGAIN_S = 0.005
_BUS_FD = 3


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.append(sys.argv[2])
    import micropython_module

    children, ended = set(), set()
    while True:
        control.settimeout(_REAP_AGAIN_S if ended else None)
        try:
            packet, files, _, _ = socket.recv_fds(control, _MAX_PACKET, 3)
        except TimeoutError:
            _reap(ended)
            continue
        if not packet:
            break
        verb, *words = packet.decode().split("\0")
        if verb == "reap":
            children.discard(int(words[0]))
            ended.add(int(words[0]))
            _reap(ended)
            continue
        child = os.fork()
        if child == 0:
            control.detach()
            _become_vm(micropython_module, files, *words)
        children.add(child)
        for file in files:
            os.close(file)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _reap(ended):
    for child in list(ended):
        if os.waitpid(child, os.WNOHANG)[0]:
            ended.discard(child)


def _become_vm(module, files, search_path, folder, *arguments):
    bus, output, *cells = files
    os.write(bus, b"%d" % os.getpid())
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(bus, _BUS_FD)
    os.environ["MICROPYPATH"] = search_path
    os.chdir(folder)
    memory = [mmap.mmap(file, 0) for file in cells]
    where = [f(each) for each in memory for f in (_address, len)]
    os._exit(module.run_main([*arguments, *map(str, where)]))


def _address(memory):
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


if __name__ == "__main__":
    main()
