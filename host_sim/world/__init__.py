"""The simulated world around the lock: time, flash, keys, door, bolt, battery and clocks, each a small class.

The world runs on CPython only and knows no wall clock: everything happens at instants of one `Timeline`, in an order
that depends on nothing but the calls made and the seeds given.
"""
