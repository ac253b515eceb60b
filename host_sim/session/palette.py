"""Colours of the lock's answers, the same in transcript, summary and live screen."""

ANSWER_STYLES = {
    "opened": "green",
    "wrong": "red",
    "mistyped": "yellow",
    "used": "magenta",
    "early": "cyan",
    "late": "cyan",
    "later": "red",
    "owner": "red",
    "battery": "yellow",
    "jammed": "yellow",
    "busy": "blue",
    "locked": "blue",
    "ajar": "yellow",
}
