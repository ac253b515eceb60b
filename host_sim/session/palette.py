"""The lock's answers in colour and in words, the same in transcript, summary and live screen."""

ANSWERS = {
    "opened": ("green", "the bolt is open"),
    "accepted": ("green", "right: go on"),
    "wrong": ("red", "no such code"),
    "mistyped": ("yellow", "a slip of the finger: type it again"),
    "used": ("magenta", "this code has opened before"),
    "early": ("cyan", "come back when the window begins"),
    "late": ("cyan", "the window is over"),
    "later": ("red", "not now: come back later"),
    "owner": ("red", "ask the owner"),
    "battery": ("yellow", "too weak to move the bolt"),
    "jammed": ("yellow", "the bolt does not move"),
    "busy": ("blue", "wait, the answer comes"),
    "locked": ("blue", "the bolt is thrown"),
    "ajar": ("yellow", "the door is still open"),
}
UNKNOWN = ("white", "")
