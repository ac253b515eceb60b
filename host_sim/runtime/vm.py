"""The firmware under the MicroPython VM, each boot a process of its own, killed when the boot is over.

The world keeps running in this process; each request of the chip comes over a socket, one packet for each part.
"""

import mmap
import os
from functools import partial

from host_sim.runtime.beginnings import HELLO, beginnings
from host_sim.runtime.image import chip_image, firmware_image
from host_sim.runtime.run import FirmwareError, Run
from host_sim.runtime.vm_process import Vm, begin


class VmRuntime:
    """Runs boot.py and main.py of `root`; `heap` bounds the VM's heap as its `-X heapsize` does, for instance 96wK.

    The firmware is linked, as on a lock, and what cannot be linked is not run: LinkError. With `apart` each module is
    compiled for itself, for a board that is no lock, or one whose files are damaged.
    A chip that has slept and woken will do so again: from then on the next VM starts ahead, beside the world's own
    work, and waits at its first request. `hear` is called with what each boot has printed, once that boot is over.
    """

    def __init__(self, root, heap=None, hear=None, apart=False):
        image = firmware_image(root)
        folder = str(image.separate() if apart else image.linked())
        options = ("-X", f"heapsize={heap}") if heap else ()
        search_path = f"{chip_image().numbered()}:{folder}"
        self._command = (search_path, folder, "micropython", *options, "-m", "vm_main")
        self._boots = 0
        self._ahead = None
        self._hear = hear
        self._cells = None

    def boot(self, port):
        """Start the firmware from boot.py; returns its Run."""
        flash = port.world.flash
        if flash and not (self._cells and self._cells.fits(flash)):
            self.close()
            self._cells = _Cells(flash.size)
        if self._cells:
            self._cells.hold(flash)
        return Run(lambda: self._run(port.serve))

    def close(self):
        """End the VM that was started ahead."""
        if self._ahead:
            self._ahead[1].end()
            self._ahead = None
        if self._cells:
            self._cells.close()
            self._cells = None

    def _run(self, serve):
        told = [(HELLO, serve(HELLO))]
        beginning = None if self._hear else beginnings.find(self._kind, told, serve)
        vm = self._begun(beginning)
        try:
            if beginning:
                vm.reply(*serve(beginning.request))
            else:
                self._catch_up(vm, told, serve)
            while True:
                vm.reply(*serve(vm.request()))
        finally:
            if self._hear:
                self._hear(vm.said())
            vm.end()

    def _catch_up(self, vm, told, serve):
        """Tell a VM begun anew what the world has said already, and go on while it may be as others began'."""
        for request, reply in told:
            if vm.request() != request:
                raise FirmwareError("the same replies led to another request")
            vm.reply(*reply)
        learning = not self._hear
        while learning:
            request = vm.request()
            learning = not beginnings.learn(self._kind, told, request, vm)
            told.append((request, serve(request)))
            vm.reply(*told[-1][1])

    def _begun(self, beginning):
        """A VM that has got as far as `beginning`, and another one ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0] is not beginning:
            ahead[1].end()
            ahead = None
        vm = ahead[1] if ahead else self._new(beginning)
        self._boots += 1
        if self._boots > 1:
            self._ahead = beginning, self._new(beginning)
        return vm

    def _new(self, beginning):
        start = beginning.copy.start if beginning else partial(begin, self._command)
        return Vm(start, [self._cells.file] if self._cells else [])

    @property
    def _kind(self):
        """What the state of a VM depends on beside the replies."""
        return self._command, self._cells and self._cells.size


class _Cells:
    """Memory for the bytes of a flash of `size`, which all VMs of a lock share with its world."""

    def __init__(self, size):
        self.file = os.memfd_create("flash")
        os.ftruncate(self.file, size)
        self.size = size
        self._memory = mmap.mmap(self.file, size)
        self._flash = None

    def fits(self, flash):
        return flash.size == self.size

    def hold(self, flash):
        """Be the memory of `flash`, and of no other any more."""
        if flash is not self._flash:
            self._release()
            self._flash = flash
            if flash:
                flash.move(self._memory)

    def close(self):
        self._release()
        self._memory.close()
        os.close(self.file)

    def _release(self):
        if self._flash:
            self._flash.move(bytearray(self._flash.size))
            self._flash = None
