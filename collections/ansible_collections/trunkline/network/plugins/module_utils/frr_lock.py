# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Who may change a router now: a lease for the length of a run, and a file lock for the length of a module.

Both live on the router, in a directory that a reboot empties, because that is where every door (API, AWX, a shell)
meets. The lease outlives a module and expires by itself; the file lock ends with the process that holds it. Whoever
reads or writes the lease holds the file lock, so a lease cannot be taken over while its holder's module still works.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_DIRECTORY = "/run/frr"
LOCK_FILE = f"{RUN_DIRECTORY}/trunkline.lock"
LEASE_FILE = f"{RUN_DIRECTORY}/trunkline.lease"
# How often a waiting module looks again. A look costs microseconds, and leases are held for seconds.
POLL_S = 0.05


class LockError(Exception):
    """The router is being changed by somebody else; the message says by whom and for how long."""


class LockBusyError(LockError):
    """A module at work on this router holds the file lock, for seconds at most."""


@dataclass(frozen=True)
class Lease:
    """Who holds the router (`owner`), until when on the router's boot clock (seconds), in which boot."""

    owner: str
    expires_s: float
    boot_id: str

    def is_over(self, now_s: float, boot_id: str) -> bool:
        """Whether the lease no longer binds anybody: its time is up, or the router has been rebooted."""
        return self.boot_id != boot_id or now_s >= self.expires_s

    def left_s(self, now_s: float) -> float:
        """Seconds until the lease ends, 0 when it is over."""
        return max(0.0, self.expires_s - now_s)


def holder(lease: Lease | None, owner: str | None, now_s: float, boot_id: str) -> Lease | None:
    """Return the lease that keeps `owner` (None: nobody in particular) from working, None if nothing does."""
    if lease is None or lease.is_over(now_s, boot_id) or lease.owner == owner:
        return None
    return lease


def now_s() -> float:
    """Seconds since boot, suspended time included: no clock step moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """The kernel's name for this boot."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def read_lease(path: str = LEASE_FILE) -> Lease | None:
    """Return the lease on file; None if there is none, or one that is not readable as such (it then binds nobody)."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return Lease(str(data["owner"]), float(data["expires_s"]), str(data["boot_id"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def write_lease(lease: Lease, path: str = LEASE_FILE) -> None:
    """Put the lease on file, whole or not at all. The caller holds the file lock."""
    write_atomically(path, json.dumps(asdict(lease)) + "\n")


def is_held(owner: str) -> bool:
    """Whether `owner` holds the router now."""
    lease = read_lease()
    return lease is not None and lease.owner == owner and not lease.is_over(now_s(), boot_id())


def check_lease(owner: str | None) -> None:
    """Raise LockError unless the router is ours to change. The caller holds the file lock."""
    lease, now = read_lease(), now_s()
    other = holder(lease, owner, now, boot_id())
    if other is not None:
        raise LockError(held_by_another(other, now))
    if owner is not None and not is_held(owner):
        raise LockError(is_over(owner))


def hold(owner: str, ttl_s: float) -> None:
    """Give `owner` the router for the next `ttl_s` seconds. The caller holds the file lock, and knows that it may."""
    write_lease(Lease(owner, now_s() + ttl_s, boot_id()))


def remove_lease(owner: str, path: str = LEASE_FILE) -> bool:
    """Remove the lease if it is `owner`'s; return whether it was. The caller holds the file lock."""
    lease = read_lease(path)
    if lease is None or lease.owner != owner:
        return False
    os.unlink(path)
    return True


def write_atomically(path: str, text: str) -> None:
    """Replace a file's content in one step, readable by its owner only, and on disk before this returns."""
    draft = f"{path}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


@contextlib.contextmanager
def file_lock(wait_s: float, path: str = LOCK_FILE) -> Iterator[int]:
    """Hold the router's file lock; raise LockBusyError if another process still holds it after `wait_s` seconds.

    Yields the lock's file descriptor. A program that inherits it holds the lock for as long as it runs, even if the
    module that started it is killed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline_s = now_s() + wait_s
        while not _try_lock(descriptor):
            if now_s() >= deadline_s:
                raise LockBusyError(
                    f"{os.uname().nodename}: for {wait_s:g} s another Trunkline module has been changing this router; "
                    f"try again, or look for the process that has {path} open"
                )
            time.sleep(POLL_S)
        yield descriptor
    finally:
        os.close(descriptor)


def held_by_another(lease: Lease, now: float) -> str:
    """The sentence for a router that is somebody else's at the moment."""
    return (
        f"{os.uname().nodename}: the lease of this router is held by '{lease.owner}' for another "
        f"{lease.left_s(now):.0f} s; wait for that run to end, or cancel it"
    )


def is_over(owner: str) -> str:
    """The sentence for somebody who no longer holds the router."""
    return (
        f"{os.uname().nodename}: lease '{owner}' is over, and what it had not confirmed is undone; take it again with "
        "frr_lease, then read the intent again"
    )


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
