"""Run the test functions of one module on the MicroPython VM.

    micropython vm_runner.py MODULE FUNCTION...

`MODULE` is imported from the search path that MICROPYPATH gives. Standard output carries one JSON array a line: first
`["vm", implementation name, [major, minor, micro]]`, then for each function `["test", name, traceback or null]`. A
module that cannot be imported fails every function. Lines that are no JSON array are what the tests printed.
"""

import io
import json
import sys


def traceback_of(run):
    """Call `run`; return None, or the traceback of what it raised as text."""
    try:
        run()
    except BaseException as error:  # SystemExit too: a test that ends the process has not passed
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue()
    return None


def main(module_name, function_names):
    """Print the results of `function_names`, in that order."""
    print(json.dumps(["vm", sys.implementation[0], list(sys.implementation[1][:3])]))
    loaded = []
    broken = traceback_of(lambda: loaded.append(__import__(module_name)))
    for name in function_names:
        error = broken or traceback_of(lambda name=name: getattr(loaded[0], name)())
        print(json.dumps(["test", name, error]))


main(sys.argv[1], sys.argv[2:])
