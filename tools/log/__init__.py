"""The lock's log on the owner's computer: read from a dump of the partition, exported, verified."""
