"""The radio: what a check-in says and hears. A wake from the keypad imports nothing of this."""
