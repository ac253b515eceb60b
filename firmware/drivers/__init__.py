"""What the lock touches: each driver is given its pins and buses and never makes them."""
