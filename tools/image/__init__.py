"""From a stock MicroPython image and this tree to the flash of a lock: image, flash and deploy.

stock image --base--> bootloader, application --+
partition table -----layout---------------------+--join--> one file --flash--> a board, by esptool
boot.py main.py firmware/ lib/ --release--+-----'
                                `--vfs----'
                                          `--deploy--> a lock in service, by mpremote
"""


class Refused(Exception):
    """What was asked for cannot be done; the text is one sentence for a person, with the next step."""
