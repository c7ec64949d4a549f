"""The stand-in's objects: tables of JSON objects in one file, so that a restart finds them."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

type Record = dict[str, Any]


def now() -> str:
    """The present moment as AWX writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Store:
    """All access is by the holder of `locked`; what is changed there is written when it ends."""

    def __init__(self, data: Path, projects_root: Path) -> None:
        self.data, self.projects_root = data, projects_root
        self._file = data / "objects.json"
        self._lock = threading.RLock()
        self._depth = 0
        content: Record = json.loads(self._file.read_text()) if self._file.exists() else {"last": 0, "tables": {}}
        self._last: int = content["last"]
        self._tables: dict[str, dict[int, Record]] = {
            name: {int(key): record for key, record in table.items()} for name, table in content["tables"].items()
        }
        self._written = self._text()
        if not self._file.exists():
            self._managed_types()

    @contextmanager
    def locked(self, *, writes: bool = True) -> Iterator["Store"]:
        """Hold all tables."""
        with self._lock:
            self._depth += 1
            try:
                yield self
            finally:
                self._depth -= 1
                if writes and not self._depth:
                    self._write()

    def table(self, name: str) -> dict[int, Record]:
        """The objects of one kind by id."""
        return self._tables.setdefault(name, {})

    def add(self, kind: str, /, **values: Any) -> Record:
        """A new object."""
        self._last += 1
        record = {"id": self._last, "created": now(), "modified": now(), **values}
        self.table(kind)[self._last] = record
        return record

    def find(self, name: str, fits: Callable[[Record], bool]) -> Record | None:
        """The first object that fits."""
        return next((record for record in self.table(name).values() if fits(record)), None)

    def job_folder(self, number: int) -> Path:
        """Where the process of a job keeps its files."""
        return self.data / "jobs" / str(number)

    def _managed_types(self) -> None:
        with self.locked():
            fields = [{"id": "username", "type": "string"}, {"id": "ssh_key_data", "type": "string", "secret": True}]
            for namespace, title in (("ssh", "Machine"), ("scm", "Source Control")):
                self.add(
                    "credential_types", name=title, description="", kind=namespace, namespace=namespace, managed=True,
                    inputs={"fields": fields}, injectors={},
                )  # fmt: skip

    def _text(self) -> str:
        return json.dumps({"last": self._last, "tables": self._tables})

    def _write(self) -> None:
        text = self._text()
        if text == self._written:
            return
        new = self._file.with_suffix(".new")
        # Credentials are in it.
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        new.replace(self._file)
        self._written = text
