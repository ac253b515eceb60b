"""Dropbolt: what the lock is. Imports point one way: core <- store, drivers, net <- app; the board is handed in."""
