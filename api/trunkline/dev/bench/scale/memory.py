"""Memory of processes."""

from collections.abc import Iterable
from contextlib import suppress

import psutil

from trunkline.dev import process
from trunkline.dev.errors import DevError
from trunkline.dev.state import State

_MIB = 2**20


def memory_mb(state: State, name: str) -> float:
    """MiB of the process and its children, of what they share a part each (PSS). Raises DevError."""
    found = process.find(state, name)
    if found is None:
        raise DevError(f"{name} has ended:\n{process.log_tail(state, name)}")
    return pss_mb(one.pid for one in [found, *found.children(recursive=True)])


def pss_mb(pids: Iterable[int]) -> float:
    """MiB of these processes, of what they share a part each (PSS); of one that has ended, nothing."""
    total = 0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_full_info().pss
    return total / _MIB
