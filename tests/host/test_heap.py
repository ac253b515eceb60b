"""What a wake takes of the heap: nothing more, however many entries there are."""

import json
import os
import subprocess

from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import PROJECT, firmware_image
from tests.host.vm import MICROPYTHON

LOOK = """
import gc
import machine
import sys

light_sleep = machine.lightsleep


def look(ms):
    gc.collect()
    print("heap", gc.mem_alloc(), len(sys.modules))
    light_sleep(ms)


machine.lightsleep = look
"""
"""Before main.py: prints what the heap holds, and of how many modules, whenever the lock lets time pass."""
PARTS, ENTRIES = 4, 30


def test_the_heap_does_not_grow_over_ten_thousand_entries_within_one_wake():
    path = f"{firmware_image(PROJECT).separate()}:{PROJECT / 'tests' / 'both'}:.frozen"
    command = [MICROPYTHON, "-X", "heapsize=1M", PROJECT / "tests" / "host" / "vm_entries.py"]
    environment = {**os.environ, "MICROPYPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert not done.returncode, done.stdout + done.stderr
    taken = json.loads(done.stdout)
    assert len(taken) == 10
    assert max(taken[1:]) <= taken[0] + 256, taken


def test_nor_does_it_at_the_door_with_what_a_lock_loads(root):
    (root / "main.py").write_text(LOOK + (root / "main.py").read_text())
    said, code = [], None
    config = LockConfig(grants=[{"label": "couriers", "kind": "event", "digits": 8}])
    with Lock("micropython", config, root=root, hear=said.append) as lock:
        lock.wait(30)
        lock.wake()
        boots = lock.boots
        for entry in range(PARTS * ENTRIES):
            code = code if entry % 10 else lock.issue("couriers")  # after its opening it is used, which costs no guess
            lock.type(code + "#")
            lock.wait(4)
        assert lock.openings == PARTS * ENTRIES // 10
        lock.wait(60)
        assert lock.boots == boots, "all in one wake"
    looks = [[int(part) for part in line.split()[1:]] for line in said[-1].splitlines() if line.startswith("heap")]
    heap = [taken for taken, modules in looks if modules == looks[-1][1]]  # the first new sector loads code of its own
    size = len(heap) // PARTS
    assert size > ENTRIES
    most = [max(heap[part * size : (part + 1) * size]) for part in range(PARTS)]
    assert max(most[1:]) <= most[0] + 256, most
