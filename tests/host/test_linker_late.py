"""What the linker has loaded when it is called, or when there is something to tell: the program does what it did."""

import pytest

from tests.host.test_linker import PROGRAM, linked, output
from tools.linker import late

APP = """
class Bell:
    def __init__(self, tone):
        self.tone = tone
        self.worn = 0

    def rung(self, times, loud=True):
        for _ in range(times):
            self.worn += 1
            if self.worn > 3:
                self.mend(self.worn, "oil")
        return [self.tone] * times if loud else self.worn

    def mend(self, worn, what):
        self.worn = self.cleaned(worn) - 4
        print("mended", what, worn)

    def cleaned(self, worn):
        return worn + 1000 - 1000

def checked(bell, least):
    if bell.tone < least:
        raise ValueError(f"a tone of {bell.tone} is below {least}, and {bell.tone + 1} would be, too")
    if not least:
        raise ValueError("a least tone of nothing at all")
    return bell.tone

def complaints(bell):
    if bell.tone > 9:
        yield f"a tone of {bell.tone} is too high for anybody"
    for n in range(bell.worn):
        yield "worn: " + str(n)

def run():
    bell = Bell(12)
    print(bell.rung(2), bell.rung(3), bell.rung(1, False), checked(bell, 3), list(complaints(bell)))
    for least in (99, 0):
        try:
            checked(bell, least)
        except ValueError as error:
            print(error)
"""


@pytest.fixture
def files(monkeypatch):
    monkeypatch.setattr(late, "LATE", {"firmware.app": "Bell.mend"})
    monkeypatch.setattr(late, "TEXTS", ("firmware.app",))
    return linked(app=APP)


def test_what_is_loaded_late_does_what_it_did(files, tmp_path):
    before = output(tmp_path / "modules", {**PROGRAM, "firmware/app.py": APP})
    assert "mended oil 4" in before and "too high for anybody" in before
    assert output(tmp_path / "linked", files) == before


def test_a_method_that_few_call_is_in_a_file_of_its_own_with_what_only_it_asks_for(files):
    first, late_one = files["firmware/app.py"], files["firmware/app_.py"]
    assert "mended" not in first and "1000" not in first
    assert "mended" in late_one and "1000" in late_one


def test_texts_of_what_is_wrong_are_loaded_with_the_first_of_them(files):
    first, late_one = files["firmware/app.py"], files["firmware/app_.py"]
    for text in ("would be, too", "nothing at all", "too high"):
        assert text not in first and text in late_one
    assert "worn: " in first
