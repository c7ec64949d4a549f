"""A worker's right to change anything: a moment until which no other worker may think it dead.

It is written down in memory, in a file that other processes read: those that watch over the worker's playbooks end
them when that moment has passed, whatever the worker does by then, or does not because it is frozen. The moment is
half of the time after which others take over, counted from before the database was asked to note a heartbeat: what
others see is never older. The file is locked for as long as the worker or anything that it has launched lives, so that
others on this host need not wait for the rest of the time when all of it is dead.
"""

import asyncio
import contextlib
import fcntl
import mmap
import os
import struct
import time
import uuid
from collections.abc import Generator
from pathlib import Path

from trunkline.settings import Settings

_NAME = "trunkline-lease."
_LAYOUT = struct.Struct("=dq")  # valid until (of the boot clock), id of the worker in the database


def moment() -> float:
    """Seconds of a clock that only goes forward, also while the machine is suspended, and is the same for all here."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """The lease of this process; not valid until it is renewed. `close` it."""

    def __init__(self, settings: Settings) -> None:
        # Not by the process's number alone: in a container it is the same again after each start.
        self.path = settings.runtime_dir / f"{_NAME}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._length_s = settings.lease_s
        self._renewed = asyncio.Event()
        # Written in full before it gets its name: who finds it can read it.
        draft = self.path.with_suffix(".new")
        self.file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.file, fcntl.LOCK_EX)
        os.write(self.file, _LAYOUT.pack(0, 0))
        draft.rename(self.path)
        self._memory = mmap.mmap(self.file, _LAYOUT.size)

    @property
    def worker_id(self) -> int:
        """Under which number the worker was last known in the database; 0: it was not yet."""
        return int(_LAYOUT.unpack_from(self._memory)[1])

    def renew(self, asked_at: float, worker_id: int) -> None:
        """The database has noted a heartbeat that was sent at this `moment`."""
        _LAYOUT.pack_into(self._memory, 0, asked_at + self._length_s, worker_id)
        self._renewed.set()

    @property
    def held(self) -> bool:
        """Whether no other worker may have taken over."""
        return moment() < float(_LAYOUT.unpack_from(self._memory)[0])

    async def until_held(self) -> None:
        """Wait until it is renewed, if it has run out."""
        while not self.held:
            self._renewed.clear()
            await self._renewed.wait()

    def close(self) -> None:
        """Give it up: nothing is running any more."""
        self.path.unlink(missing_ok=True)
        self._memory.close()
        os.close(self.file)


@contextlib.contextmanager
def of_a_person(settings: Settings, for_s: float) -> Generator[Lease]:
    """A lease for one launch at a person's wish: it is nobody's work, so no worker takes it over."""
    with contextlib.closing(Lease(settings)) as lease:
        lease.renew(moment() + for_s, 0)
        yield lease


def held_here(settings: Settings) -> bool:
    """Whether a worker of this host holds its lease."""
    for path in _files(settings):
        with contextlib.suppress(FileNotFoundError):
            if _LAYOUT.unpack(path.read_bytes())[0] > moment():
                return True
    return False


def dead_here(settings: Settings) -> Generator[int]:
    """The numbers of workers of this host of which nothing lives any more.

    Each is told until the caller has dealt with it and asks for the next.
    """
    for path in _files(settings):
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield int(_LAYOUT.unpack(os.read(file, _LAYOUT.size))[1])
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(file)


def _files(settings: Settings) -> list[Path]:
    return [path for path in settings.runtime_dir.glob(f"{_NAME}*") if path.suffix != ".new"]
