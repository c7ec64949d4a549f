"""A worker's sign of life on its own host, for who watches over it (a container's health check)."""

import os
import time
from pathlib import Path

from trunkline.settings import Settings

_NAME = "trunkline-beat."


def beat(settings: Settings) -> None:
    """Note that this worker runs and has just had an answer of the database."""
    _file(settings).touch(mode=0o600)


def forget(settings: Settings) -> None:
    """This worker is about to end."""
    _file(settings).unlink(missing_ok=True)


def beats(settings: Settings) -> bool:
    """Whether a worker of this host was alive within the time after which others would take over its runs."""
    oldest = time.time() - settings.stalled_after_s
    return any(path.stat().st_mtime >= oldest for path in settings.runtime_dir.glob(f"{_NAME}*"))


def _file(settings: Settings) -> Path:
    return settings.runtime_dir / f"{_NAME}{os.getpid()}"
