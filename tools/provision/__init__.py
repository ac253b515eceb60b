"""From a configuration to a lock in service: `make provision`. Nothing is sent before all of it is known to be right.

    configuration --tools.config--> set --record.py--> owner's record, encrypted, on disk: "pending"
                                                              |
                                    lock.py, over the cable <-' to the one board that the record names, and to no other
                                                              |
                                    check.py: each part tried, guided ------> restart, console closed, "in service"

A cut anywhere is resumed by the same command: the secrets are in the record before the first of them leaves, the
board's own number is beside them, and what is on the lock already is not written again. So no board ever gets two sets
of secrets, and no set comes to two boards. `on_lock/` runs at the lock's prompt.
"""
