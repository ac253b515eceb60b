"""How the tests are shared out among pytest-xdist's workers."""

from xdist.scheduler import LoadScopeScheduling


class ByVmProcess(LoadScopeScheduling):
    """Tests that one VM process runs stay together; every other test goes to whichever worker is free."""

    def _split_scope(self, nodeid):
        if "test_on_vm.py::test_on_vm[" in nodeid:
            return nodeid.partition("-")[0]  # the id is `[file-function]`
        return nodeid


def pytest_xdist_make_scheduler(config, log):
    return ByVmProcess(config, log)
