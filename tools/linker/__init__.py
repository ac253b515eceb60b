"""The firmware as a lock loads it: what is always loaded together in one file, names short, numbers in their place.

    sources --program--> modules --symbols--> what each name means --constants--> numbers in place of their names
            --parts--> what is used at all, and what is loaded together --inline--> what is called in one place only is
            there, no function any more --frames--> locals that share places --naming--> short names
            --link--> one source for each chunk

What a wake loads costs heap and the courier's time, and in modules compiled one by one a third of that is names, since
each has a table of those that it uses, and a fifth what a function takes beside its code. The behaviour stays the
same. An attribute that objects of others have too (names.py), or that stands anywhere as a text, keeps its name, and
so do boot.py, main.py, what these import, and modules of third parties. The same sources give the same bytes. What
this cannot link (a star, a `global`, `getattr`, a module that does something when it is imported) is refused.
"""

from tools.linker.link import link
from tools.linker.program import LinkError

__all__ = ["LinkError", "link"]
