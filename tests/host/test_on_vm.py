"""Run every test of tests/both on the MicroPython VM: one process for each file, one test here for each function."""

import random

import pytest

from tests.host import vm

FILES = sorted((vm.ROOT / "tests" / "both").glob("test_*.py"))


def pytest_generate_tests(metafunc):
    if "both_file" in metafunc.fixturenames:
        metafunc.parametrize(
            ("both_file", "name"),
            [pytest.param(path, name, id=f"{path.stem}-{name}") for path in FILES for name in vm.names_of_tests(path)],
        )


@pytest.fixture(scope="session")
def run_of():
    """The VM's run of a file, started when first asked for; the order of its tests is shuffled as pytest's is."""
    runs = {}

    def run_once(path):
        if path not in runs:
            names = vm.names_of_tests(path)
            random.shuffle(names)
            runs[path] = vm.VmRun(path, names)
        return runs[path]

    return run_once


def test_on_vm(run_of, both_file, name):
    error = run_of(both_file).error(name)
    if error is not None:
        pytest.fail(f"on the MicroPython VM:\n{error}", pytrace=False)


def written(folder, text):
    path = folder / "test_sample.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_vm_is_a_current_micropython(tmp_path):
    run = vm.VmRun(written(tmp_path, ""), [])
    assert run.implementation == "micropython"
    assert run.version >= (1, 25, 0)


def test_each_result_is_told_apart(tmp_path):
    path = written(
        tmp_path,
        "def test_good():\n    print('not a result')\n\n"
        "def test_bad():\n    assert 1 == 2\n\n"
        "def test_leaves():\n    raise SystemExit(0)\n\n"
        "def helper():\n    pass\n",
    )
    names = vm.names_of_tests(path)
    assert names == ["test_good", "test_bad", "test_leaves"]
    run = vm.VmRun(path, names)
    assert run.error("test_good") is None
    assert "line 5, in test_bad\nAssertionError" in run.error("test_bad")
    assert "SystemExit" in run.error("test_leaves")


def test_a_file_that_cannot_be_imported_fails_all_its_tests(tmp_path):
    path = written(tmp_path, "import dataclasses\n\ndef test_one():\n    pass\n\ndef test_two():\n    pass\n")
    run = vm.VmRun(path, vm.names_of_tests(path))
    assert "ImportError: no module named 'dataclasses'" in run.error("test_one")
    assert run.error("test_two") == run.error("test_one")


def test_a_vm_that_dies_fails_what_it_had_not_run(tmp_path):
    path = written(
        tmp_path,
        "import os\n\ndef test_one():\n    pass\n\n"
        "def test_dies():\n    os.system('kill -9 $PPID')\n\n"
        "def test_two():\n    pass\n",
    )
    run = vm.VmRun(path, vm.names_of_tests(path))
    assert run.error("test_one") is None
    assert "the VM ended with status -9" in run.error("test_dies")
    assert "the VM ended with status -9" in run.error("test_two")
