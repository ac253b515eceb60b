"""The model of NVS takes as many entries as an image that Espressif's own generator makes of the same values.

But for where a blob is divided: the generator fills a page to its end, the chip's library begins a new one.
"""

import csv
import subprocess
import sys
from random import Random

import pytest

from host_sim.world.nvs import ENTRIES, ENTRY_SIZE, Nvs
from host_sim.world.nvs_system import write_system_entries

PAGE, PAGES = 4096, 6
BITS_AT, ENTRIES_AT = 32, 64
WRITTEN, CHUNK = 2, 0x42
ADDS_TO = ("sta.ssid", "sta.pswd", "ap.ssid", "ap.passwd", "ap.authmode")
"""Beside these the generator writes what the Wi-Fi library would, once more where it is there."""


def generated(values, folder):
    """The image that the generator makes of (namespace, key, kind): value."""
    rows, space = [["key", "type", "encoding", "value"]], None
    for (namespace, key, kind), value in values.items():
        if namespace != space:
            rows.append([namespace, "namespace", "", ""])
            space = namespace
        name = key.upper() if key in ADDS_TO else key
        rows.append([name, "data", "i32", value] if kind == "i32" else [name, "data", "hex2bin", value.hex()])
    with open(folder / "values.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    words = ["generate", folder / "values.csv", folder / "nvs.bin", hex(PAGE * PAGES)]
    subprocess.run([sys.executable, "-m", "esp_idf_nvs_partition_gen", *words], check=True, capture_output=True)
    return (folder / "nvs.bin").read_bytes()


def taken(image):
    """Entries written, without the headers of the second and further parts of a blob."""
    entries = 0
    for at in range(0, len(image), PAGE):
        n = 0
        while n < ENTRIES:
            entry = image[at + ENTRIES_AT + n * ENTRY_SIZE :][:ENTRY_SIZE]
            if image[at + BITS_AT + n // 4] >> n % 4 * 2 & 3 != WRITTEN:
                break
            _, kind, span, chunk = entry[:4]
            entries += span - (kind == CHUNK and chunk > 0)
            n += span
    return entries


def modelled(nvs):
    """The same of the model."""
    items = [item for page in nvs.snapshot()[3] for item in page.live]
    return nvs.used_entries - len([item for item in items if len(item) == 3 and item[2] > 1])


def test_what_the_system_keeps(tmp_path):
    nvs = Nvs(PAGES)
    write_system_entries(nvs)
    assert taken(generated(nvs.snapshot()[0], tmp_path)) == modelled(nvs) == nvs.used_entries


@pytest.mark.parametrize("seed", range(3))
def test_numbers_and_blobs_of_any_size_in_any_order(seed, tmp_path):
    random, nvs = Random(seed), Nvs(PAGES)
    for n in range(40):
        space, key = f"space {n // 10}", f"key {n}"
        if random.random() < 0.3:
            nvs.set_i32(space, key, random.randrange(1 << 30))
        else:
            nvs.set_blob(space, key, random.randbytes(random.choice((1, 31, 32, 33, 400, random.randrange(1, 1000)))))
    assert taken(generated(nvs.snapshot()[0], tmp_path)) == modelled(nvs) > 150
