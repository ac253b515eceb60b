"""What a person does at a simulated door in the runs that are measured; a lock that does not do its part ends them."""


def opens(lock, label):
    """Type a code of that grant at the lock, which is awake: it opens, locks itself again and sleeps."""
    lock.type(lock.issue(label) + "#")
    if not lock.run_until(lambda: lock.bolt == "unlocked"):
        raise RuntimeError("the lock did not open")
    sleeps(lock)


def sleeps(lock):
    """Let time pass until the lock sleeps, its bolt thrown."""
    if not lock.run_until(lambda: not lock.awake and lock.bolt == "locked", 120):
        raise RuntimeError("the lock does not sleep")
