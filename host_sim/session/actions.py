"""What a person does in a session: one function for each form of `grammar.ACTIONS`."""

from host_sim.session.fields import utc_text
from host_sim.session.stage import StepError

_TOUCH_MS = 90  # how long a finger stays on a key


def act(stage, line):
    """Do what `line` says. Raises `StepError` if the world does not let it happen."""
    stage.act_begins()
    _ACTIONS[line.form](stage, line.fields)


def _scene(stage, fields):
    """A heading changes nothing."""


def _issue(stage, fields):
    details = {}
    if "at" in fields:
        details["at"] = fields["at"].unix(stage.lock.now)
    if "serial" in fields:
        details["serial"] = fields["serial"]
    stage.codes[fields["as"]] = stage.lock.issue(fields["issue"], **details)


def _wake(stage, fields):
    stage.keys_begin()
    stage.lock.wake()


def _type(stage, fields):
    stage.keys_begin()
    stage.lock.type(stage.keys(fields["type"]))


def _press(stage, fields):
    stage.keys_begin()
    stage.lock.press(fields["press"] + fields["and"], hold_ms=_TOUCH_MS)


def _hold(stage, fields):
    stage.keys_begin()
    stage.lock.press(fields["key"], hold_ms=round(fields["for"] * 1000))


def _wait(stage, fields):
    stage.lock.wait(fields["wait"])


def _wait_until(stage, fields):
    moment = fields["until"].unix(stage.lock.now)
    if moment <= stage.lock.now:
        raise StepError(f"it is already {utc_text(stage.lock.now)}")
    stage.lock.wait(moment - stage.lock.now)


def _open_door(stage, fields):
    stage.lock.door("open")
    if stage.lock.door_state != "open":
        raise StepError(f"the bolt is {stage.lock.bolt}")


def _misread_clock(stage, fields):
    stage.lock.misread_clock(fields["clock"].unix(stage.lock.now))


def _sync_clock(stage, fields):
    try:
        stage.lock.sync()
    except (ValueError, OSError) as error:
        raise StepError(str(error)) from None


def _cut_at(stage, fields):
    stage.lock.cut_at_flash_op(fields["operation"], tear="half")


def _cut_after(stage, fields):
    stage.lock.cut_at_flash_op(fields["operation"], tear="all")


def _command(stage, fields):
    words = [fields["command"]]
    if "for" in fields:
        words.append(str(stage.grants[fields["for"]]))
    try:
        stage.other_end.command(words)
    except ValueError as error:
        raise StepError(str(error)) from None


def _access_point(up):
    def act(stage, fields):
        stage.lock.world.radio.access_point.up = up

    return act


_ACTIONS = {
    "scene": _scene,
    "issue": _issue,
    "wake": _wake,
    "type": _type,
    "press": _press,
    "hold": _hold,
    "wait": _wait,
    "wait until": _wait_until,
    "open door": _open_door,
    "close door": lambda stage, fields: stage.lock.door("closed"),
    "jam bolt": lambda stage, fields: stage.lock.jam(True),
    "free bolt": lambda stage, fields: stage.lock.jam(False),
    "battery": lambda stage, fields: stage.lock.battery(fields["battery"]),
    "cut power": lambda stage, fields: stage.lock.cut_power(),
    "cut at": _cut_at,
    "cut after": _cut_after,
    "restore power": lambda stage, fields: stage.lock.restore_power(),
    "hold maintenance": lambda stage, fields: stage.lock.maintenance_key(True),
    "let go": lambda stage, fields: stage.lock.maintenance_key(False),
    "set clock": lambda stage, fields: stage.lock.set_clock(fields["clock"].unix(stage.lock.now)),
    "misread clock": _misread_clock,
    "stop clock": lambda stage, fields: stage.lock.stop_clock(True),
    "start clock": lambda stage, fields: stage.lock.stop_clock(False),
    "remove coin cell": lambda stage, fields: stage.lock.coin_cell(False),
    "insert coin cell": lambda stage, fields: stage.lock.coin_cell(True),
    "sync clock": _sync_clock,
    "command": _command,
    "access point down": _access_point(False),
    "access point up": _access_point(True),
    "damage": lambda stage, fields: stage.lock.damage_sector(fields["sector"]),
}
