"""Which of two processes runs what, and in which order (pytest-xdist, `--dist loadfile`)."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# Its files share a network, which is dear to make.
_IN_ONE_PIECE = "tests/lab/network/"
# What takes minutes begins first, else one process would still be at it when the other has nothing left to do.
_LONG = (
    "tests/crash/",
    _IN_ONE_PIECE,
    "tests/lab/test_frr_",
    "tests/netbox/test_guide.py",
    "tests/netbox/test_crash.py",
    "tests/ui/",
    "tests/lab/",
    "tests/security/test_inputs",
    "tests/api/test_schema.py",
    "tests/netbox/",
)


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """A file is run by one process, from its first test to its last, and files are begun in the order of collection."""

    def __init__(self, config: pytest.Config, log: Producer | None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return _IN_ONE_PIECE if nodeid.startswith(_IN_ONE_PIECE) else super()._split_scope(nodeid)


def rank(nodeid: str) -> int:
    """The place of a test's file among the long ones; behind them all, if it is none."""
    return next((number for number, start in enumerate(_LONG) if nodeid.startswith(start)), len(_LONG))
