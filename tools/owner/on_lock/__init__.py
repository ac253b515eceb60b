"""What the doctor has run at a lock's prompt: examine.py, after hidden.py, which the computer uses, too."""
