"""What the linker puts in place of a call does what the function did, and what must stay a function stays one."""

import ast

import pytest

from tests.host.test_linker import PROGRAM, linked, output


def functions(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def sections(text):
    """{name: the lines below it}."""
    found = {}
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            name, line = line, ""
        found[name] = [*found.get(name, ()), line]
    return {name.rstrip(":"): "\n".join(lines) for name, lines in found.items()}


BODIES = sections("""
a result at its end:
    n += 1
    return n * 2
a result on each path:
    if n > 3:
        return 'much'
    if n < 0:
        return 'none'
    return 'some'
a path without one:
    if n > 3:
        return 'much'
    print('after', n)
branches that go on:
    if n > 3:
        if n > 5:
            return 'much'
        n = 1
    print('on', n)
    return n
a search:
    for k in range(n):
        if k * k == n:
            return k
    return -1
a search that goes on after it:
    for k in range(n):
        if k == 3:
            return k
    n += 5
    return n
a search with its own end:
    for k in range(n):
        if k == 2:
            return k
        if k == 4:
            break
    return 'n'
a loop without end:
    while True:
        n += 1
        if n % 4 == 0:
            return n
a loop in a loop:
    for k in range(n):
        for j in range(k):
            if j == 3:
                return k
    return 'n'
a result in a try:
    try:
        return 12 // n
    except ZeroDivisionError:
        print('by none')
a try and more:
    try:
        return 12 // n
    except ZeroDivisionError as error:
        n = len(error.args)
    return n
a try with an else:
    try:
        m = 12 // n
    except ZeroDivisionError:
        return 'none'
    else:
        return m + n
a finally:
    try:
        return 12 // (n or 5)
    finally:
        print('last', n)
an error:
    if n == 4:
        raise ValueError(n)
    return n
nothing but an error:
    n += 1
    raise ValueError(n)
an error on each path:
    if n > 3:
        raise ValueError(n)
    raise TypeError('little', n)
no end but an error:
    while True:
        n += 1
        if n > 9:
            raise ValueError(n)
comprehensions:
    sizes = [n + k for k in range(3)]
    return sum(k for k in sizes if k > n), {k: n for k in sizes}
a local taken away:
    m = [n]
    k = m
    del m
    return k
an inner function:
    def more(k):
        return k + n
    return more(n)
""")
CALLS = sections("""
returned:
    return f(n)
not asked for:
    f(n)
    return n
last of all:
    if n > 1:
        f(n)
kept in a local:
    k = f(n)
    return k, n
kept in the local that it was given:
    n = f(n)
    return n
kept in an attribute:
    thing.kept = f(n)
    return thing.kept
within an expression:
    k = 5
    return (k, n, f(n + 1), n + k)
after something done:
    return (thing.step(), f(thing.step()))
a condition:
    if f(n):
        return 'yes'
    return 'no'
a second condition:
    if n == 1:
        k = 'one'
    elif f(n):
        k = 'yes'
    else:
        k = 'no'
    return k
the condition of a loop:
    while f(n):
        n += 3
        if n > 7:
            break
        if n == 5:
            continue
    return n
in a loop:
    found = []
    for k in range(3):
        m = f(n + k)
        found.append(m)
    return found
what a loop runs through:
    return [str(k) for k in [f(n)]]
only at times:
    return n > 2 and f(n)
within a try:
    try:
        k = f(n)
    except ValueError as error:
        k = error.args
    return k
""")
STAYING = {
    "a loop in a loop": 13,
    "a search with its own end": 13,
    "a finally": 12,
    "nothing but an error": 7,
    "an error on each path": 7,
    "no end but an error": 7,
    "an inner function": 30,
    "a generator": 15,
}
"""How many functions of these bodies stay; of others 3: after something done, in a comprehension, only at times."""

BEGIN = """
class Thing:
    def __init__(self):
        self.kept, self.steps = None, 0
    def step(self):
        self.steps += 1
        return self.steps
"""
END = """
def shown(value):
    return value if isinstance(value, (int, str, tuple, list, dict, type(None))) else list(value)
def run():
    for call in CALLS:
        for n in range(-2, 9):
            try:
                thing = Thing()
                value = call(n, thing)
                print(n, shown(value), thing.steps, shown(thing.kept))
            except (ValueError, TypeError, ZeroDivisionError) as error:
                print(n, error, error.args)
"""


@pytest.mark.parametrize("body", BODIES)
def test_each_body_in_the_place_of_each_call(body, tmp_path):
    app = [BEGIN]
    for k, call in enumerate(CALLS.values()):
        app += [f"def f{k}(n):\n{BODIES[body]}", f"def g{k}(n, thing):\n{call.replace('f(', f'f{k}(')}"]
    app += [f"CALLS = ({', '.join(f'g{k}' for k in range(len(CALLS)))})", END]
    files = linked(app="\n".join(app))
    said = output(tmp_path / "linked", files)
    assert said == output(tmp_path / "modules", {**PROGRAM, "firmware/app.py": "\n".join(app)})
    assert len(said.splitlines()) >= 11 * len(CALLS)
    assert len(functions(files["firmware/app.py"])) == 4 + len(CALLS) + STAYING.get(body, 3)


@pytest.mark.parametrize(
    ("app", "count"),
    [
        (
            """
def f(a, b=2, *, c=3):
    return [a, b, c, a]
def told(text):
    print(text)
    return text
def run():
    x = f(told(1), told(0), c=told(5))
    print(x)
""",
            2,
        ),
        (
            """
def f(a, b, c=None):
    b = b or []
    b.append(a)
    return b, c
def run():
    a, b = [], 7
    for b in range(3):
        c = f(b, a, c=-b)
        print(c, a, b)
""",
            1,
        ),
        (
            """
class C:
    def __init__(self, name):
        self.name = name
        self.set()
    def set(self):
        self.other = self.name * 2
    def one(self, more):
        return self.two(more) + self.name
    def two(self, more):
        return self.other + more
class D(C):
    def set(self):
        super().set()
        self.other += "d"
class E:
    def two(self, more):
        return more
    def alone(self):
        return self.two(3)
def made():
    print("made")
    return [C("x"), D("y")]
def run():
    for thing in made():
        print(thing.one("z"), [thing.other for _ in range(2)])
    print(E().alone())
""",
            4,  # one, alone, made and both called two are put in place; none called set is
        ),
        (
            """
def f(n):
    return n + 1
def g(n):
    return n + 2
def h(n):
    return h(n - 1) + [n] if n else []
def i(n):
    for k in range(n):
        yield k
def run():
    print([k(2) for k in (f,)], (lambda n: g(n))(3), h(3), list(i(3)))
    for n in range(2):
        print(n)
""",
            4,
        ),
        (
            """
class C:
    def __init__(self):
        self.n = 0
    def next(self, by):
        self.n += by
        return self.n
def double(c):
    c.next(1)
    return c.n * 2
def treble(c):
    c.next(2)
    return c.n * 3
def run():
    c = C()
    print(c.n, double(c), c.n)
    x = c.n + treble(c)
    print(x)
""",
            4,
        ),
        (
            """
class C:
    def __init__(self, n):
        self.n = n
    @property
    def twice(self):
        return self.n * 2
    @property
    def large(self):
        print("asked")
        found = [k for k in range(self.n) if k % 2 == 0 and k % 3 == 0]
        return [k * k for k in found if k > self.n // 2 or k < self.n // 3]
    def at(self, k):
        return self.n + k
class D:
    def at(self, k):
        return k
    twice = 7
def run():
    c, d = C(5), D()
    print(c.at(1), d.at(2), c.large, d.twice, c.twice)
    while c.twice < 14:
        c.n += 1
        print(c.large, [c.at(k) for k in range(2)])
    for e in (c, C(2)):
        print(e.twice + e.twice, e.at(e.twice), e.large)
""",
            6,  # both called at, of which none is sure, and large; twice, too, since another class has one
        ),
        (
            """
class C:
    def __init__(self, n):
        self.n = n
    @property
    def twice(self):
        return self.n * 2
    def half(self):
        self.n //= 2
    def large(self, k):
        print("asked", k, self.n, [k + self.n, k - self.n, k * self.n], sorted([self.n, k, 5]), max(self.n, k, 7))
        return k and k - 1
def run():
    c = C(40)
    while c.twice > 8 and c.large(3):
        c.half()
        print([c.twice, c.twice + c.n])
        if c.twice == 20:
            c.half()
    for k in range(c.twice):
        print(c.large(k))
""",
            3,  # of run, of __init__, and large
        ),
        (
            """
def keep(n):
    found = []
    for k in range(n):
        found.append(k)
    return [lambda: (n, len(found))]
def f(n):
    first = n
    second = first + 1
    third = second + 1
    return third
def run():
    last = None
    for k in range(3):
        last = k if last is None else last + k
        m = f(k)
        x = [k for k in range(m)]
        print(last, m, x, k, keep(m)[0]())
""",
            2,
        ),
        (
            """
def f(error):
    for error in error.args:
        pass
    return error
def run():
    try:
        raise ValueError(1, 2)
    except ValueError as error:
        other = 5
        said = f(error)
        print(said, other, error.args)
    try:
        raise ValueError(3)
    except ValueError as error:
        said = error.args[0]
        other = said + 1
    print(said, other)
""",
            1,
        ),
        (
            """
def told(text):
    print(text)
    return text
def f(a, b):
    c = a + 1
    return c * b * b
def g(a, b, c):
    return c - a * b
def h(n):
    print(n)
    n += 1
    return n
def run():
    x = f(told(1), told(2))
    print(x, g(c=told(3), b=told(4), a=told(5)))
    for n in range(-2, 3):
        if 0 < n < h(n):
            print("more")
""",
            3,  # h stays, which is not always called
        ),
        (
            """
class C:
    def __init__(self):
        self.n = 3
    def more(self, by=1):
        self.n += by
        return self.n
    def less(self, by=1):
        self.n -= by
        return self.n
class D(C):
    def other(self):
        return super().more() + 1
def run():
    d = D()
    print(d.other(), C.less(d))
""",
            5,
        ),
    ],
    ids=[
        "arguments",
        "defaults",
        "methods",
        "values",
        "an order that matters",
        "small and unsure",
        "small",
        "places of a frame",
        "errors' names",
        "each in its turn",
        "asked of a class",
    ],
)
def test_arguments_methods_and_locals(app, count, tmp_path):
    files = linked(app=app)
    said = output(tmp_path / "linked", files)
    assert said
    assert said == output(tmp_path / "modules", {**PROGRAM, "firmware/app.py": app})
    assert len(functions(files["firmware/app.py"])) == count


def test_what_is_loaded_later_stays_there():
    app = """
def late(n):
    from firmware.rare import one
    return one(n)
def run():
    print(late(3))
"""
    files = linked(app=app, rare="def one(n):\n    return two(n)\ndef two(n):\n    return n * 77\n")
    assert [len(functions(files[f"firmware/{name}.py"])) for name in ("app", "rare")] == [1, 1]
    assert "77" in files["firmware/rare.py"]


def test_what_the_wake_loads_next_stays_there():
    app = "def run():\n    from firmware.assembly import told\n    print(told())\n"
    files = linked(app=app, assembly="def told():\n    return 'told ' + 'later'\n")
    assert "later" in files["firmware/assembly.py"]
    assert "later" not in files["firmware/app.py"]
