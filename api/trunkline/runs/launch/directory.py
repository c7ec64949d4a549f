"""Directories in memory for the files of a launch; those of a process that was killed are found by its number."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def temporary_directory(runtime_dir: Path, purpose: str) -> Iterator[Path]:
    """A directory that only this user can read, and that is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix=f"trunkline-{purpose}-{os.getpid()}-", dir=runtime_dir))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def remove_leftovers(runtime_dir: Path) -> None:
    """Remove the directories whose process is gone (it was killed)."""
    for left in runtime_dir.glob("trunkline-*-*-*"):
        pid = left.name.split("-")[2]
        # Another worker that starts may remove it at the same time.
        with suppress(FileNotFoundError):
            if pid.isdigit() and not Path("/proc", pid).exists() and left.stat().st_uid == os.getuid():
                shutil.rmtree(left, ignore_errors=True)
