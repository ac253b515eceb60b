"""How long four AA cells last, by simulated runs and the figures of host_sim/world/figures.py: `make energy`."""
