"""Names that the linker gives: few, the same for what never meets, and the program does what it did."""

import re

from tests.host.test_linker import PROGRAM, linked, output

SHAPES = """
class Round:
    def __init__(self, edge):
        self.inner_edge = edge
        self.outer_edge = edge * 2

    def rolled(self, turns):
        for _ in range(turns):
            self.outer_edge += self.inner_edge
        return [self.outer_edge, self.inner_edge]

class Square:
    corner_count = 4

    def __init__(self, side):
        self.side_length = side

    def stacked(self, height):
        for _ in range(height):
            self.side_length *= 2
        return [self.side_length, self.corner_count]

class Cube(Square):
    def __init__(self, side):
        super().__init__(side)
        self.cube_depth = side + 7

    def filled(self, grains):
        for _ in range(grains):
            self.cube_depth += self.side_length
        return [self.cube_depth, self.stacked(grains)]
"""
APP = """
from firmware.shapes import Cube, Round, Square

def run():
    first, second, third = Round(3), Square(5), Cube(11)
    print(first.rolled(2), second.stacked(3), third.filled(2), third.side_length, first.rolled(1), second.stacked(1))
"""


def bound(text):
    """{class's place in the file: names that its body binds}."""
    bodies = re.split(r"^class .*\n", text, flags=re.MULTILINE)[1:]
    return [set(re.findall(r"\b[A-Z]\.(\w+) (?:[*+]?=|\*=)|(?:^|\n)    (\w+) = ", body)) for body in bodies]


def test_attributes_that_no_object_has_both_share_a_name(tmp_path):
    files = linked(app=APP, shapes=SHAPES, rare="")
    text = files["firmware/app.py"]
    places = [{name for pair in names for name in pair if name} for names in bound(text)]
    rounds, square, cube = places
    assert len(rounds) == 2 and rounds & (square | cube)
    assert not square & cube and len(square | cube) == 3
    program = {**PROGRAM, "firmware/app.py": APP, "firmware/shapes.py": SHAPES}
    assert output(tmp_path / "linked", files) == output(tmp_path / "modules", program)


def test_what_is_set_from_outside_shares_its_name_with_nothing(tmp_path):
    app = APP.replace("    print(", "    first.side_length = 70\n    second.outer_edge = 71\n    print(").replace(
        "first.rolled(2)", "first.side_length, second.outer_edge, first.rolled(2)"
    )
    files = linked(app=app, shapes=SHAPES, rare="")
    rounds, square, cube = [
        {name for pair in names for name in pair if name} for names in bound(files["firmware/app.py"])
    ]
    assert len(rounds) == 2 and not rounds & square
    assert output(tmp_path / "linked", files) == output(
        tmp_path / "modules", {**PROGRAM, "firmware/app.py": app, "firmware/shapes.py": SHAPES}
    )


def test_globals_share_a_name_where_no_file_has_both(tmp_path):
    app = """
def doubled(n):
    return [n, n * 2, n * 3, [n] * 3] if n else doubled(n + 1)

def run():
    from firmware.rare import late
    from firmware.rarer import later
    print(doubled(0), late(3), later(4), doubled(7))
"""
    rare = "def late(n):\n    return [n, twice(n)]\ndef twice(n):\n    return [n, n + 100] if n > 2 else twice(n + 3)\n"
    rarer = rare.replace("late", "later").replace("twice", "thrice").replace("100", "1000")
    files = linked(app=app, rare=rare, rarer=rarer)
    named = {name: set(re.findall(r"^def (\w+)", text, re.MULTILINE)) for name, text in files.items()}
    assert len(named["firmware/rare.py"]) == 2 and named["firmware/rare.py"] & named["firmware/rarer.py"]
    program = {**PROGRAM, "firmware/app.py": app, "firmware/rare.py": rare, "firmware/rarer.py": rarer}
    assert output(tmp_path / "linked", files) == output(tmp_path / "modules", program)
