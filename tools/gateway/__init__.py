"""The owner's end beside a broker: commands queued, hellos answered with the time, the log kept and checked."""
