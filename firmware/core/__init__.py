"""Decisions of the lock: pure functions and packed tables, with no flash, clock, network or hardware."""
