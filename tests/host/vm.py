"""Start the MicroPython VM on a test module and read what it says: the host's side of `vm_runner.py`."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = Path(sys.executable).parent / "micropython"
RUNNER = Path(__file__).with_name("vm_runner.py")
HEAP = "2M"
TIMEOUT_S = 900


def names_of_tests(path):
    """Names of the test functions that pytest would collect from the file `path`, in their order."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


class VmRun:
    """One VM process that ran functions of one file.

    `implementation` and `version` are what the VM says of itself. `error(name)` is None for a test that passed, else
    why it did not: its traceback, or how the process ended before it.
    """

    def __init__(self, path, names):
        self.implementation, self.version, self._errors, self._said = None, None, {}, []
        command = [MICROPYTHON, "-X", f"heapsize={HEAP}", RUNNER, path.stem, *names]
        search_path = f"{ROOT}:{path.parent}:{ROOT}/lib:.frozen"
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "MICROPYPATH": search_path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        self._status = done.returncode
        for line in done.stdout.decode(errors="replace").splitlines():
            self._read(line)

    def _read(self, line):
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        match message:
            case ["vm", implementation, version]:
                self.implementation, self.version = implementation, tuple(version)
            case ["test", name, error]:
                self._errors[name] = error
            case _:
                self._said.append(line)

    def error(self, name):
        if name in self._errors:
            return self._errors[name]
        said = "\n".join(self._said[-20:])
        return f"the VM ended with status {self._status} before {name} had a result\n{said}"
