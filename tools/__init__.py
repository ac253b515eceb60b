"""Commands of the installer, the owner and the maintainer, on their own computer: `python -m tools`."""
