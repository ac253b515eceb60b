"""What comes down: opened, judged, done at most once, answered. Rules: docs/protocol.md, Commands.

A message that does not open, that was taken before, or that answers another hello is ignored and counted. Up to eight
commands wait until the gateway's reply has brought the time; then they are done in the order in which they came. Each
has a counter, higher than its sender's last one:

- what moves something, or tells something, has its counter in flash first: done at most once, cut or not;
- a change of the set brings its counter into the same commit of the vault: done, with its counter, or not done;
- what only ever goes forward (a code revoked, a base raised) is done first and counted then: done again, it changes
  nothing.

`actions` is what the rest of the lock does. Each method does its work or raises Refused; a flash that fails is
Refused(STORAGE). mark: (number, epoch, counter) of the command, to be stored with what it changes.

    last(number, epoch)       the issuer's last counter in this key epoch, 0 for none: the greater of journal and vault
    count(*mark)              have the counter in the journal
    permissions(number)       of the issuer, bits of core/words.py; 0: there is none of that number
    issuer_of(grant id)       number, which may be 0; None if there is no such grant
    revoked(grant id)         whether there is such a grant, revoked
    keep_keys(packed)         have the table of keys in flash
    time(t, ms, uncertainty)  what the gateway's reply says: t unix s and ms when it was sealed, uncertainty in ms
    now()                     (t, uncertainty), unix s and whole seconds
    allows(number, type)      whether the issuer may have another command looked at: there is a limit for a day
    told(number, type, word)  how this issuer's command ended, for the log
    part(type)                whose methods do commands of this type, which are
    unlock(number)  approve(nonce, number)  refuse(nonce, number)  set_time(t, ms, uncertainty)  send_log(first)
    identify()  revoke_code(grant id, serial, value, number)  set_base(grant id, counter)
    put_grant(record, mark)  revoke_grant(grant id, mark)  set_settings(changed, mark)  mute(on, mark)
    put_issuer(number, permissions, quota, label, packed keys or None, mark)
    revoke_issuer(number, packed keys, mark)
"""

from micropython import const

from firmware.core.grants import Grants
from firmware.core.seal import DOWN, Seal, SealError, read_header
from firmware.core.words import OWNER
from firmware.net import messages
from firmware.net.messages import MessageError, Refused
from firmware.unloading import passing

MAX_WAITING = const(8)
MAX_ANSWERED = const(64)
OWNERS = const(16)
"""Of these, left to owners, and as large a part of those that wait: nobody else keeps an owner from being heard."""

# Why a message was ignored: bits, for the log and for the next hello.
NO_MESSAGE = const(1)  # wrong size or first byte, another lock's id, or a reply that says nothing
FOREIGN = const(2)  # its sender has no key of that epoch, or is no issuer any more
FORGED = const(4)
REPLAYED = const(8)  # its counter is not higher than the last one
UNASKED = const(16)  # a reply to another hello, a second one, or one that is not the gateway's
FLOOD = const(32)  # more than a check-in answers

_CHANGES = (
    messages.PUT_GRANT,
    messages.REVOKE_GRANT,
    messages.PUT_ISSUER,
    messages.REVOKE_ISSUER,
    messages.SET_SETTINGS,
    messages.MUTE,
)
_FORWARD = (messages.REVOKE_CODE, messages.SET_BASE)


class Commands:
    """The commands of one check-in.

    lock: its id, 8 bytes. gateway: number of the issuer who runs it. nonce: of this check-in. keys: a `Keys`.

    replied: the gateway has answered the hello. listen: seconds that it asked to go on listening. have: number of the
    newest event that it holds. left: commands that it said were to follow, and have not come. results: (number, epoch,
    root key, counter, word, detail) of what was answered, in order; whoever sends them takes them out. answered: how
    many so far. ignored, why: how many messages, and the reasons as bits.
    """

    def __init__(self, lock, gateway, nonce, keys, actions):
        self._lock = lock
        self._gateway = gateway
        self._nonce = nonce
        self._keys = keys
        self._actions = actions
        self._waiting = []
        self._unlocked = False
        self.replied = False
        self.listen = self.have = self.left = 0
        self.results = []
        self.answered = 0
        self.ignored = self.why = 0

    def receive(self, message):
        """Take in one message, whatever it is: bytes that came on the lock's topic."""
        opened = self._open(message)
        if opened is None:
            return
        mark, kind, text = opened
        if kind == messages.REPLY:
            self._reply(mark, text)
            return
        waiting = len(self._waiting)
        theirs = 0 if self._actions.permissions(mark[0]) & OWNER else OWNERS
        if self.answered + waiting >= MAX_ANSWERED - theirs:
            self._ignore(FLOOD)
        elif mark[2] <= self._actions.last(*mark[:2]) or any(mark == other[0] for other in self._waiting):
            self._ignore(REPLAYED)
        elif self.replied:
            self._execute(*opened)
        elif waiting < MAX_WAITING - theirs // 8:
            self._waiting.append(opened)
        else:
            self._answer(mark, self._keys.root(*mark[:2]), messages.RETRY)

    def _open(self, message):
        """((number, epoch, counter), type, plaintext) of a message with the right tag, else None."""
        try:
            kind, number, epoch, counter = read_header(message, self._lock)
        except SealError:
            return self._ignore(NO_MESSAGE)
        root = self._keys.root(number, epoch)
        if root is None or not self._actions.permissions(number):
            return self._ignore(FOREIGN)
        try:
            return (number, epoch, counter), kind, Seal(root, DOWN, self._lock, number, epoch).open(message)
        except SealError:
            return self._ignore(FORGED)

    def _ignore(self, reason):
        self.ignored += 1
        self.why |= reason

    def _reply(self, mark, text):
        number = mark[0]
        try:
            boots, check_in, t, ms, uncertainty, follow, have, listen = passing(_unpacked, messages.REPLY, text)
        except MessageError:
            self._ignore(NO_MESSAGE)
            return
        gateway = number == self._gateway and self._actions.permissions(number) & OWNER
        if self.replied or (boots, check_in) != self._nonce or not gateway:
            self._ignore(UNASKED)
            return
        self._retire(mark)
        self._actions.time(t, ms, uncertainty)
        self.replied, self.have, self.listen = True, have, listen
        waiting, self._waiting = self._waiting, []
        for opened in waiting:
            self._execute(*opened)
        self.left = follow

    def _execute(self, mark, kind, text):
        """Do and answer a command, unless one before it has made it void."""
        root = self._keys.root(*mark[:2])
        if root is None:
            self._ignore(FOREIGN)
        elif mark[2] <= self._actions.last(*mark[:2]):
            self._ignore(REPLAYED)
        else:
            self._retire(mark)
            word, detail = messages.RETRY, b"enough for today"
            if self._actions.allows(mark[0], kind):
                word, detail = self._try(mark, kind, text)
            self._actions.told(mark[0], kind, word)
            self._answer(mark, root, word, detail)

    def _answer(self, mark, root, word, detail=b""):
        self.results.append((mark[0], mark[1], root, mark[2], word, detail))
        self.answered += 1
        if self.left and mark[0] == self._gateway:
            self.left -= 1

    def _try(self, mark, kind, text):
        """(word, detail): how the command ended. Its counter is then taken, unless it shall come again."""
        last = kind in _CHANGES or kind in _FORWARD
        word, detail, counted = messages.DONE, b"", False
        try:
            fields = passing(_admitted, self._actions, mark[0], kind, text)
            if not last:
                self._actions.count(*mark)
                counted = True
            self._act(mark, kind, fields)
        except MessageError:
            word = messages.MALFORMED
        except Refused as refused:
            word, detail = refused.word, refused.detail
        if counted or word in (messages.RETRY, messages.STORAGE) or self._actions.last(*mark[:2]) >= mark[2]:
            return word, detail
        try:
            self._actions.count(*mark)
        except Refused as refused:
            word, detail = refused.word, refused.detail
        return word, detail

    def _retire(self, mark):
        """The first message under a new key ends the old one."""
        if self._keys.renewed(*mark[:2]):
            self._retired(mark)

    def _retired(self, mark):
        from firmware.net.rekeying import retired

        packed = retired(self._keys, *mark[:2])
        try:
            self._actions.keep_keys(packed)
        except Refused:  # it goes from memory all the same, and from flash the next time
            pass
        self._keys.load(packed)

    def _act(self, mark, kind, fields):
        """Do a command that its sender may give."""
        actions = self._actions.part(kind)
        if kind in _CHANGES:
            self._change(actions, mark, kind, fields)
        elif kind == messages.UNLOCK_NOW:
            self._unlock(actions, mark[0], *fields)
        elif kind == messages.APPROVE_ENTRY:
            actions.approve(fields, mark[0])
        elif kind == messages.REFUSE_ENTRY:
            actions.refuse(fields, mark[0])
        elif kind == messages.SET_TIME:
            self._check_live(fields[:2])
            actions.set_time(*fields[2:])
        elif kind == messages.SEND_LOG:
            actions.send_log(*fields)
        elif kind == messages.IDENTIFY:
            actions.identify()
        elif kind == messages.ROTATE:
            from firmware.net.rekeying import rotated

            packed = rotated(self._keys, *fields)
            self._actions.keep_keys(packed)
            self._keys.load(packed)
        elif kind == messages.REVOKE_CODE:
            actions.revoke_code(*fields, mark[0])
        else:
            actions.set_base(*fields)

    def _check_live(self, nonce):
        if nonce != self._nonce:
            raise Refused(messages.STALE)

    def _unlock(self, actions, number, boots, check_in, expiry):
        """Once in a check-in: an unlock that is sealed anew because its result was lost opens no second time."""
        self._check_live((boots, check_in))
        if self._unlocked:
            raise Refused(messages.BEFORE)
        t, uncertainty = self._actions.now()
        if t + uncertainty >= expiry:
            raise Refused(messages.EXPIRED)
        actions.unlock(number)
        self._unlocked = True

    def _change(self, actions, mark, kind, fields):
        """Change the set in the vault, or raise Refused."""
        if kind == messages.PUT_GRANT:
            if self._actions.revoked(Grants(fields[0]).id(0)):
                raise Refused(messages.REFUSED, b"revoked: take another id")
            actions.put_grant(*fields, mark)
        elif kind == messages.REVOKE_GRANT:
            actions.revoke_grant(*fields, mark)
        elif kind == messages.SET_SETTINGS:
            actions.set_settings(*fields, mark)
        elif kind == messages.MUTE:
            actions.mute(bool(fields[0]), mark)
        else:
            from firmware.net.rekeying import change_issuer

            known = self._actions.permissions(fields[0])
            change_issuer(self._keys, self._gateway, known, actions, mark, kind, *fields)


def _unpacked(kind, text):
    """What `unpack` says, which is loaded only now."""
    from firmware.net.orders import unpack

    return unpack(kind, text)


def _admitted(actions, number, kind, text):
    """The fields of a command that issuer `number` may give. Raises MessageError, Refused."""
    from firmware.net.orders import permit, unpack

    fields = unpack(kind, text)
    permit(actions, number, kind, fields)
    return fields
