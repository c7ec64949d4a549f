"""One controller at a time: a lock that ends with the process that holds it, whatever ends that."""

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from trunkline.dev.lab.errors import LabError

_POLL_S = 0.02


@contextmanager
def exclusive(name: str, timeout_s: float = 60) -> Iterator[None]:
    """Hold the host-wide lock `name`; LabError when another process does not let go of it in time."""
    # A name in the abstract socket namespace (unix(7)) is no file: nothing is left behind, not even by kill -9.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as holder:
        deadline = time.monotonic() + timeout_s
        while not _bound(holder, f"\0trunkline/{name}"):
            if time.monotonic() > deadline:
                raise LabError(f"{name}: another process has been busy with it for {timeout_s:g} s; try again later")
            time.sleep(_POLL_S)
        yield


def _bound(holder: socket.socket, address: str) -> bool:
    try:
        holder.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True
