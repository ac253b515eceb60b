"""The owner's end of a lock without a network: the record of its keys, and codes made from it.

record.py what is known of a lock, keep.py the encrypted files, when.py times as people say them, place.py times as the
lock's clocks show them, issue.py codes, app.py authenticator apps, answer.py how a lock would answer, slips.py how a
code was miswritten, dump.py what a lock's flash tells, advice.py what to do; cli.py is the command `dropbolt`.
"""
