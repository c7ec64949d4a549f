"""Where a local stack keeps its files: what stays (`data`) and what goes with the stack (`runtime`)."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class State:
    """The files of one stack.

    `data` lies in the checkout, survives `make down` and holds no secret. `runtime` lies on tmpfs where the
    machine has one, is readable by its owner only, and holds sockets, pids and secrets; `make down` removes it.
    """

    data: Path
    runtime: Path

    @classmethod
    def of(cls, name: str, project: Path = PROJECT) -> "State":
        """The state of the stack `name` ("demo", "test") of this checkout."""
        return cls(data=project / ".trunkline" / name, runtime=_runtime_root(project) / name)

    @classmethod
    def started(cls, project: Path = PROJECT) -> "list[State]":
        """Those of this checkout that have a runtime folder."""
        root = _runtime_root(project)
        return [cls.of(folder.name, project) for folder in sorted(root.iterdir())] if root.exists() else []

    @property
    def name(self) -> str:
        """What the stack is called."""
        return self.runtime.name

    def create(self) -> None:
        """Make both folders, private to the user."""
        for folder in (self.data / "log", self.runtime):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.data.chmod(0o700)
        self.runtime.chmod(0o700)

    def remove_runtime(self) -> None:
        """Remove what goes with the stack, and the folders above it that are empty then."""
        shutil.rmtree(self.runtime, ignore_errors=True)
        for folder in self.runtime.parents[:2]:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _runtime_root(project: Path) -> Path:
    # A Unix socket's path has room for 107 bytes (unix(7)), a checkout's path may need more: hence the digest.
    digest = hashlib.sha256(str(project).encode()).hexdigest()[:10]
    if os.geteuid() == 0:
        return Path("/run/trunkline") / digest
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "trunkline" / digest
    return Path(tempfile.gettempdir()) / f"trunkline-{os.getuid()}" / digest
