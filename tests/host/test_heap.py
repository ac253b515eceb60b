"""What a wake takes of the heap: nothing more, however many entries there are."""

import json
import os
import subprocess

from host_sim.runtime.image import PROJECT, firmware_image
from tests.host.vm import MICROPYTHON


def test_the_heap_does_not_grow_over_ten_thousand_entries_within_one_wake():
    path = f"{firmware_image(PROJECT).separate()}:{PROJECT / 'tests' / 'both'}:.frozen"
    command = [MICROPYTHON, "-X", "heapsize=1M", PROJECT / "tests" / "host" / "vm_entries.py"]
    environment = {**os.environ, "MICROPYPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert not done.returncode, done.stdout + done.stderr
    taken = json.loads(done.stdout)
    assert len(taken) == 10
    assert max(taken[1:]) <= taken[0] + 256, taken
