"""A board made of software: the lock's firmware, unchanged, over a simulated world (docs/simulator.md).

`host_sim.lock.Lock` is the interface for tests; the rest is how it works.
"""
