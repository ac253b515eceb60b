"""The file `lock.toml`: all that a lock is provisioned with but its keys."""
