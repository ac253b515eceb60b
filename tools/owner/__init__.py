"""The owner's end of a lock without a network: the record of its keys, and codes made from it.

record.py what is known of a lock, keep.py the encrypted files, when.py times as people say them, place.py times as
the lock's clocks show them, issue.py codes, app.py authenticator apps, register.py numbers of parcels, revoke.py
codes taken back, answer.py how a lock would answer. What is wrong with a lock: dump.py by its flash, afar.py by its
gateway, beside.py by what it tells on the cable (cable.py, and on_lock/ at its end); finding.py and advice.py have
what all of them say, doctor.py chooses. cli.py is the command `dropbolt`.
"""
