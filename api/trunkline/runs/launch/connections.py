"""ssh's kept-open connections (ControlPersist in ssh_config(5)): the launches of one run share them, and nobody else.

A run's plan has just spoken to the routers that its apply changes. Another run is kept away: a launch that is ended
takes the connections along that it has opened.
"""

import itertools
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Connections:
    """Folders for the sockets of the runs' connections, in `directory`; `close` it. May be used by several threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._folders: dict[uuid.UUID, Path] = {}
        self._launching: set[uuid.UUID] = set()

    @contextmanager
    def of(self, run_id: uuid.UUID) -> Iterator[Path]:
        """The folder of a run, for one launch of it."""
        with self._lock:
            self._forget()
            folder = self._folders.get(run_id) or self._new(run_id)
            self._launching.add(run_id)
        try:
            yield folder
        finally:
            with self._lock:
                self._launching.discard(run_id)

    def close(self) -> None:
        """End the connections that are still open, of all runs."""
        for process in Path("/proc").glob("[0-9]*"):
            # What is not ours, or has just ended, is not read.
            with suppress(OSError):
                if (process / "cmdline").read_bytes().startswith(f"ssh: {self._directory}/".encode()):
                    os.kill(int(process.name), signal.SIGTERM)

    def _new(self, run_id: uuid.UUID) -> Path:
        # Short: a socket's path has 107 characters at most (unix(7)).
        names = (self._directory / str(number) for number in itertools.count())
        folder = next(name for name in names if name not in self._folders.values())
        folder.mkdir(mode=0o700)
        self._folders[run_id] = folder
        return folder

    def _forget(self) -> None:
        """Remove the folders whose connections have ended, by themselves as they do."""
        for run_id in self._folders.keys() - self._launching:
            with suppress(OSError):
                self._folders[run_id].rmdir()
                del self._folders[run_id]
