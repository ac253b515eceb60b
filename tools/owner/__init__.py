"""The owner's end of a lock without a network: the record of its keys, and codes made from it.

record.py what is known of a lock, keep.py the encrypted files, when.py times as people say them, place.py times as the
lock's clocks show them, issue.py codes, app.py authenticator apps, revoke.py codes taken back, answer.py how a lock
would answer, dump.py what its flash tells, afar.py what its gateway does, advice.py what to do; cli.py is the command
`dropbolt`.
"""
