"""The firmware as a lock loads it: what linking must not change, what it leaves out, and what it refuses."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from host_sim.runtime.image import PROJECT, firmware_image
from tests.host.stock import ESP32
from tools.linker import LinkError, link
from tools.linker.names import CALLED, FOREIGN, READY

MICROPYTHON = Path(sys.executable).with_name("micropython")
MAIN = "from firmware.app import run\nrun()\n"
WAKE, TYPED = ("app", "assembly", "board"), ("visitor", "attempt")

PROGRAM = {
    "main.py": MAIN,
    "firmware/__init__.py": '"""A package."""\n',
    "firmware/words.py": """
from micropython import const

SMALL = const(3)
DOUBLE = SMALL * 2 + 1
FORMAT = "<HB"
TABLE = {SMALL: "three", DOUBLE: "seven"}
NOBODY_ASKS = (1, 2)
""",
    "firmware/shapes.py": """
import struct
from firmware import words
from firmware.words import FORMAT, TABLE

class ShapeError(ValueError):
    def __init__(self, text, place):
        super().__init__(text)
        self.place = place

class Shape:
    kinds = ("round", "square")
    size = words.SMALL

    def __init__(self, name, corners=words.SMALL, *more, scale=1):
        self.count = name
        self.corners = corners
        self._more = more
        self._scale = scale
        for field in ("red", "green"):
            setattr(self, field, len(field))

    @property
    def area(self):
        return self.corners * self._scale + self.red + self.green

    def packed(self):
        return struct.pack(FORMAT, self.area, self.size)

    def never(self):
        return self.area

    def __len__(self):
        return self.corners

class Wide(Shape):
    def packed(self):
        size = super().packed()
        return [value for value in size if value > words.SMALL]

def told(number, TABLE=TABLE):
    return TABLE.get(number, "none")

def never(size):
    return Shape(size)
""",
    "firmware/rare.py": """
from firmware.words import DOUBLE
from firmware.shapes import ShapeError, Wide

def late(places):
    raise ShapeError("late", DOUBLE + len(places))
""",
    "firmware/app.py": """
from firmware.shapes import Shape, ShapeError, Wide, told

def counter(start):
    def more(step):
        return start + step
    return [more(start) for start in (start, start + 1)], lambda start, size=2: more(start) * size

def failed():
    from firmware.rare import late
    try:
        late([1, 2])
    except ShapeError as error:
        return str(error), error.place, error.args
    finally:
        late = None

def run():
    a, A = Shape("a", 4, 5, 6, scale=2), Wide("b")
    values, more = counter(start=5)
    print(a.area, a.packed(), len(a), A.packed(), A.kinds, told(3), told(7), told(8), values, more(3), more(3, 4))
    print({k: v for k, v in zip("ab", [x * x for x in range(2)])}, sum(x for x in values if x > 10), failed())
""",
}


def linked(**changed):
    """The linked PROGRAM as texts, with some files changed: words="..." for firmware/words.py."""
    files = {**PROGRAM, **{f"firmware/{name}.py": text for name, text in changed.items()}}
    return {name: text.decode() for name, text in link({name: text.encode() for name, text in files.items()}).items()}


def output(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = {**os.environ, "MICROPYPATH": str(folder)}
    command = [MICROPYTHON, folder / "main.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_a_linked_program_does_what_its_modules_did(tmp_path):
    before = output(tmp_path / "modules", PROGRAM)
    assert "'three seven none" not in before and "three seven none" in before and "('late', 9, ('late',))" in before
    assert output(tmp_path / "linked", linked()) == before


def test_what_is_loaded_together_is_one_file_and_what_is_loaded_later_another():
    assert sorted(linked()) == ["firmware/app.py", "firmware/rare.py", "main.py"]


def test_what_nobody_asks_for_is_left_out():
    text = linked()["firmware/app.py"]
    assert "NOBODY" not in text and "(1, 2)" not in text
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert (
        len(functions) == 9
    )  # not both called `never`, the one in rare.py, and `packed` and `told`, which are called once


def test_numbers_stand_in_the_place_of_their_names_and_names_are_short():
    files = linked()
    names = {node.attr for node in ast.walk(ast.parse(files["firmware/app.py"])) if isinstance(node, ast.Attribute)}
    assert {"red", "green", "count"} <= names  # texts in the program, and a name that others have
    assert not {"_more", "_scale", "corners", "area"} & names
    assert "SMALL" not in str(files) and "DOUBLE" not in str(files)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rare": "def late(x):\n    return getattr(x, 'a')\n"}, "rare.py:2: getattr asks for names"),
        ({"words": "SMALL = DOUBLE = 3\nSMALL = 4\n"}, "words.py:2: SMALL is bound twice"),
        ({"rare": "import firmware.words\n"}, "rare.py:1: only `from` and names"),
        ({"rare": "from firmware.words import *\n"}, "rare.py:1: only `from` and names"),
        ({"rare": "def late():\n    global X\n    X = 1\n"}, "rare.py:2: a global that changes"),
        ({"rare": "print('loaded')\n"}, "rare.py:1: a module that does something"),
        ({"rare": "from firmware import words\ndef late(x):\n    return [words]\n"}, "rare.py:3: the module words"),
        ({"rare": "def late(x):\n    from firmware import words\n"}, "rare.py:2: a module imported within"),
        ({"rare": "def late(x):\n    class Inner: pass\n"}, "rare.py:2: a class within"),
        ({"rare": "class C:\n    def a(self): pass\n    def a(self): pass\n"}, "rare.py:1: a is bound twice"),
        (
            {"rare": "from firmware.words import LARGE\ndef late(x):\n    return LARGE\n"},
            "firmware.words:LARGE is nowhere",
        ),
        ({"app": "def walk(): pass\n"}, "firmware.app:run is nowhere"),
    ],
)
def test_what_cannot_be_linked_is_refused_and_named(changed, why):
    with pytest.raises(LinkError, match=why):
        linked(**changed)


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("class C:\n    a = 'a'\n    o = 5\ndef run():\n    print(C.a, C.o, C.o, C.o, C.o, C.o)", "a 5 5 5 5 5"),
        ("class C:\n    a, b = 1, 2\ndef run():\n    print(C.a, C().b)", "1 2"),
        ("BELOW = -5\ndef run():\n    print(BELOW**2, 2 * BELOW, -BELOW)", "25 -10 5"),
    ],
    ids=["a name that another attribute keeps", "several of a class at once", "a power of a number below zero"],
)
def test_linked_it_says_the_same(app, said, tmp_path):
    files = {**PROGRAM, "firmware/app.py": app}
    assert output(tmp_path / "modules", files) == output(tmp_path / "linked", linked(app=app)) == said + "\n"


def test_main_py_may_give_arguments_by_name(tmp_path):
    app, main = "def run(start, end=2):\n    print(start, end)\n", "from firmware.app import run\nrun(1, end=3)\n"
    files = {"main.py": main.encode(), "firmware/__init__.py": b"", "firmware/app.py": app.encode()}
    assert output(tmp_path, {name: text.decode() for name, text in link(files).items()}) == "1 3\n"


def test_the_firmware_itself_is_linked_and_a_wake_by_key_has_no_more_than_its_own():
    sources = {name: source for name, (_, source) in firmware_image(PROJECT).files.items()}
    files = link(sources)
    assert {name for name in sources if not name.startswith("firmware/")} < set(files)
    assert {f"firmware/{name}.py" for name in (*WAKE, *TYPED)} < set(files)
    for word in (b"umqtt", b"tls", b"cryptolib"):
        assert word not in b"".join(files[f"firmware/{name}.py"] for name in (*WAKE, *TYPED))
    for word in (b"import sha1", b"0123456789*#"):
        assert word not in b"".join(files[f"firmware/{name}.py"] for name in WAKE)
        assert word in b"".join(files[f"firmware/{name}.py"] for name in TYPED)


def test_the_attributes_of_micropython_s_objects_keep_their_names():
    values = """"", b"", bytearray(), memoryview(b""), 1, 1.0, [], (), {}, set(), (x for x in ()), array.array("B"),
    OSError(), object(), type, property, range(1), super, io.BytesIO(), io.IOBase, hashlib.sha256(), {}.items()"""
    modules = "array, binascii, gc, hashlib, io, json, math, micropython, struct"
    code = f"import {modules}\nfor thing in ({values}, {modules}): print(*dir(thing))"
    done = subprocess.run([MICROPYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert public(done.stdout.split()) <= FOREIGN


def public(names):
    return {name for name in names if not name.startswith("_")}


def defined(*paths):
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    return public(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef))


def test_the_attributes_of_the_chip_s_modules_and_of_umqtt_keep_their_names():
    chip = [PROJECT / "host_sim" / "chip" / f"{name}.py" for name in ("esp32", "machine", "network", "pin", "time")]
    chip += [PROJECT / "host_sim" / "chip" / "socket.py", *(PROJECT / "host_sim" / "shim").glob("[ct]*.py")]
    library = list((PROJECT / "lib").rglob("*.py"))
    nodes = [node for path in library for node in ast.walk(ast.parse(path.read_text()))]
    asked = public(node.attr for node in nodes if isinstance(node, ast.Attribute))
    theirs = asked | defined(*chip, *library)
    assert CALLED & asked and theirs <= FOREIGN
    assert not theirs.intersection(READY)


def test_short_names_are_those_that_stand_in_the_rom():
    image = ESP32.read_bytes()
    assert [name for name in READY if b"%s\0" % name.encode() not in image] == []
    code = f"""
import micropython
class Any: pass
def asked(names):
    micropython.qstr_info()
    for name in names:
        getattr(Any, name, None)
    micropython.qstr_info()
asked({" ".join(READY)!r}.split())
asked(["nothing_" + "like_it"])
"""
    done = subprocess.run([MICROPYTHON, "-c", code], capture_output=True, text=True, check=True)
    counts = [int(line.split("n_qstr=")[1].split(",")[0]) for line in done.stdout.splitlines()]
    assert counts[1] == counts[0] == counts[2] == counts[3] - 1


def test_a_method_that_only_a_function_asks_for_which_another_calls_is_there(tmp_path):
    app = """
class Pen:
    def __init__(self):
        self.ink = 3

    def draw(self, n):
        return self.ink + n

def page(pen, n):
    return leaf(pen, n) + leaf(pen, 2)

def leaf(pen, n):
    return pen.draw(n) + pen.draw(1)

def run():
    print(page(Pen(), 5))
"""
    assert output(tmp_path, linked(app=app)) == "21\n"


def test_a_method_that_only_what_is_loaded_later_asks_for_comes_with_that(tmp_path):
    shapes = PROGRAM["firmware/shapes.py"].replace(
        "    def never(self):\n", "    def replace(self):\n        yield 5\n"
    )
    painted = "print(places.append(list(Wide('e').replace())), 'abc'.replace('a', 'b'))"
    rare = PROGRAM["firmware/rare.py"].replace("raise", painted + "\n    raise")
    asked = {"shapes": shapes, "rare": rare}
    files = linked(**asked)
    assert files["firmware/app.py"].count("def ") == linked(shapes=shapes)["firmware/app.py"].count("def ")
    assert files["firmware/rare.py"].count("def _(") == 1
    changed = {f"firmware/{name}.py": text for name, text in asked.items()}
    assert output(tmp_path / "linked", files) == output(tmp_path / "modules", {**PROGRAM, **changed})


def test_what_two_load_later_brings_its_methods_to_each_of_them(tmp_path):
    painted = "    def painted(self):\n        return mixed(self.area) + mixed(2)\n\n    def __len__(self):"
    shapes = PROGRAM["firmware/shapes.py"].replace("    def __len__(self):", painted, 1)
    late = "from firmware.shapes import Wide\ndef late(places):\n    print(Wide('e').painted(), places)\n"
    for first, second in (("rare", "rarer"), ("rarer", "rare")):
        other = f"def run():\n    from firmware.{first} import late\n    late(5)\n"
        app = PROGRAM["firmware/app.py"].replace("firmware.rare", f"firmware.{second}").replace("def run():\n", other)
        changed = {"shapes": shapes + "\ndef mixed(value):\n    return [value, value * 3]\n", "app": app}
        changed |= {"rare": late, "rarer": late.replace("'e'", "'f'")}
        files = linked(**changed)
        assert "* 3" not in files["firmware/app.py"]
        program = {**PROGRAM, **{f"firmware/{file}.py": text for file, text in changed.items()}}
        assert output(tmp_path / first, files) == output(tmp_path / f"{first} before", program)


def test_two_files_may_want_different_names_of_one_module(tmp_path):
    rare = "from binascii import hexlify, unhexlify\ndef late(n):\n    return hexlify(n)\n"
    app = """
from firmware.rare import late
def run():
    from firmware.rarer import later
    print(late(b"1"), later(b"31"))
"""
    rarer = "from binascii import hexlify, unhexlify\ndef later(n):\n    return unhexlify(n)\n"
    files = linked(app=app, rare=rare, rarer=rarer)
    assert "unhexlify" in files["firmware/rarer.py"] and "unhexlify" not in files["firmware/app.py"]
    assert output(tmp_path, files) == "b'31' b'1'\n"
    rarer = "from binascii import hexlify, unhexlify\ndef later(n):\n    return hexlify(unhexlify(n))\n"
    assert output(tmp_path / "again", linked(app=app, rare=rare, rarer=rarer)) == "b'31' b'31'\n"


def test_what_the_first_key_loads_is_by_itself_but_for_what_something_else_wants_too(tmp_path):
    app = """
class Bell:
    def __init__(self, tone):
        self.tone = tone
    def rung(self):
        return [self.tone, self.tone]
    def muted(self):
        return half(self.tone) + half(2)
    def sold(self):
        return ("for", self.tone)

def half(n):
    return n // 2 + 1000

def ring(loud):
    from firmware.visitor import Visitor
    visitor = Visitor(Bell(8))
    print(visitor.press(loud), visitor.bell.muted())
    from firmware.rare import late
    late(visitor, Bell(6))

def run():
    ring(True)
"""
    visitor = """
def often(n):
    return [n + 77, n, n - 77]

def judged(n):
    return often(n) + often(n + 5000)

class Visitor:
    def __init__(self, bell):
        self.bell = bell
        judged(1)
    def press(self, loud):
        return (self.bell.rung() if loud else 3), judged(2)
    def leave(self):
        return "left"
"""
    rare = """
from firmware.visitor import often
def late(visitor, bell):
    print(visitor.leave(), often(3), bell.sold())
"""
    program = {"app": app, "visitor": visitor, "rare": rare}
    files = linked(**program)
    where = {
        word: [name for name, text in files.items() if word in text] for word in ("5000", "77", "1000", "left", "for'")
    }
    assert where["5000"] == ["firmware/visitor.py"]
    assert where["1000"] == ["firmware/app.py"]
    assert where["left"] == where["for'"] == ["firmware/rare.py"]
    assert where["77"] not in (where["5000"], where["left"])
    assert "_(" in files["firmware/visitor.py"]
    whole = {**PROGRAM, **{f"firmware/{file}.py": text for file, text in program.items()}}
    assert output(tmp_path / "linked", files) == output(tmp_path / "modules", whole)
