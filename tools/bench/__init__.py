"""The lock's figures beside what they are compared with, measured in one run: `make bench`."""
