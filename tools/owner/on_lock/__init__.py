"""What the doctor has run at a lock's prompt, a part at a time; hidden.py is the computer's, too."""
