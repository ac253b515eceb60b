"""Of `sys`, what the firmware asks of it: the table of modules, here one that is empty.

Chips in this process have room, and a table of modules for all of them there is not.
"""

modules = {}
