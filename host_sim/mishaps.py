"""What can go wrong at a lock, for whoever tests it: part of `host_sim.lock.Lock`."""


class Mishaps:
    """Does things to `self.world`."""

    def jam(self, jammed=True):
        """Seize the bolt where it is, or free it."""
        if jammed:
            self.world.bolt.jam()
        else:
            self.world.bolt.free()

    def battery(self, mv):
        """Set the voltage of the batteries without load, in millivolts; below 3000 the chip stops."""
        self.world.battery.open_mv = mv
        self.world.recover()

    def cut_power(self):
        """Take the batteries out, whatever the lock is doing."""
        self.world.cut_power()

    def restore_power(self):
        """Put the batteries back; the lock boots as time passes."""
        self.world.power_on()

    def cut_at_flash_op(self, k, tear="none", seed=0):
        """Let the power go in the midst of the `k`-th program or erase from here (1: the next), leaving a torn record.

        `tear`: one of `host_sim.world.tears.TEARS`; `seed` chooses the bits of the random ones. k = 0 calls it off.
        """
        self.world.flash.cut_at(k, tear, seed)

    def damage_sector(self, sector):
        """Clear every second bit in one sector of the partition, as a failing chip might."""
        image = bytearray(self.flash)
        for address in range(sector * 4096, (sector + 1) * 4096):
            image[address] &= 0x55
        self.world.flash.load(bytes(image))

    def maintenance_key(self, down):
        """Hold the maintenance key inside the door down, or let go of it."""
        if down:
            self.world.maintenance_key.press()
        else:
            self.world.maintenance_key.release()

    def set_clock(self, unix):
        """Set the lock's DS3231 to `unix` seconds behind its back; the world's time goes on as it was."""
        self.world.clock.set_unix(int(unix))

    def misread_clock(self, unix):
        """Let the next reading of the DS3231, and no other, say `unix` seconds, as a disturbed bus might."""
        self.world.clock.glitch = self.world.clock.registers_at(int(unix))

    def stop_clock(self, stopped=True):
        """Stop the DS3231's oscillator, which leaves its flag, or let it run on."""
        if stopped:
            self.world.clock.stop()
        else:
            self.world.clock.start()

    def coin_cell(self, there):
        """Take the DS3231's coin cell out, or put it in; without it the clock forgets all when the batteries go."""
        self.world.clock.supply(cell=there)
