"""Where things are in the lock's flash: the partition table, and the parts of it that an installer must not touch.

`nvs` has keys and grants, `locklog` what was used and the log: a lock in service keeps both through every update. Both
`locklog` and `vfs` are named in the table: where `vfs` is not, MicroPython takes everything after the last partition.
The subtype FAT is what MicroPython's own table gives `vfs`, though littlefs is in it.
"""

from mp_image_tool_esp32.partition_table import PartitionTable

FLASH_SIZE = 4 << 20
BOOTLOADER = 0x1000
"""Where the ROM looks for the bootloader, and where the bytes of an image file belong."""
TABLE = PartitionTable.PART_TABLE_OFFSET
TABLE_SIZE = PartitionTable.PART_TABLE_SIZE
APPLICATION = PartitionTable.APP_PART_OFFSET
SECTOR = 4096

_PARTITIONS = (
    ("nvs", "nvs", 0x9000, 0x6000),
    ("phy_init", "phy", 0xF000, 0x1000),
    ("factory", "factory", APPLICATION, 0x1F0000),
    ("locklog", "fat", 0x200000, 0x40000),
    ("vfs", "fat", 0x240000, 0x1C0000),
)


def table():
    """The lock's partition table, checked for gaps and overlaps by the tool that made it."""
    made = PartitionTable(FLASH_SIZE)
    for name, subtype, offset, size in _PARTITIONS:
        made.add_part(name, subtype, size, offset)
    made.check()
    return made
