"""Code that is let go: what it has made stays, the module is loaded anew, and what was there before is untouched."""

from sys import modules

from firmware.unloading import passing

NAME = "firmware.net.when"


def made(error=None):
    """A function of the module, loaded now."""
    from firmware.net.when import again_in

    assert NAME in modules
    if error:
        raise error
    return again_in


def test_what_was_loaded_for_it_is_gone_and_what_it_made_stays():
    modules.pop(NAME, None)
    before = set(modules)
    again_in = passing(made)
    assert NAME not in modules and before <= set(modules)
    assert 54 <= again_in(True, 0, b"12345678") <= 60
    assert passing(made) is not again_in


def test_an_error_comes_through_and_leaves_nothing_loaded():
    modules.pop(NAME, None)
    try:
        passing(made, KeyError(5))
        raise AssertionError
    except KeyError as error:
        assert error.args == (5,)
    assert NAME not in modules


def test_a_module_that_was_there_stays():
    made()
    passing(made)
    assert NAME in modules
