"""Write a migration of the catalogue: a Python file that a person can read and change."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.db.catalog.changes import Change

_WIDTH = 120
_TEMPLATE = '''"""{message}

Revision: {revision}
Follows: {down_revision}
"""

{imports}

revision = "{revision}"
down_revision = "{down_revision}"
branch_labels = None
depends_on = None

CHANGES: list[Change] = {changes}


def upgrade() -> None:
    catalog.upgrade(CHANGES, revision)


def downgrade() -> None:
    catalog.downgrade(CHANGES, revision)
'''


def write(folder: Path, message: str, down_revision: str, changes: Sequence[Change]) -> Path:
    """The path of the new migration. Its number follows that of `down_revision` and all others in `folder`."""
    numbers = [int(found[1]) for path in folder.glob("*.py") if (found := re.match(r"(\d+)_", path.name))]
    revision = f"{max(numbers, default=0) + 1:04}"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40].strip("_") or "catalogue"
    names = sorted({type(change).__name__ for change in changes} | {"Change"})
    path = folder / f"{revision}_{slug}.py"
    text = _TEMPLATE.format(
        message=message.replace("\\", "").replace('"', "'").strip().rstrip(".") + ".",
        revision=revision,
        down_revision=down_revision,
        imports=f"from trunkline.db import catalog\n{_import(names)}",
        changes=source(list(changes)),
    )
    path.write_text(text, encoding="utf-8")
    return path


def _import(names: list[str]) -> str:
    line = f"from trunkline.db.catalog import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "from trunkline.db.catalog import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def source(value: object, indent: int = 0, prefix: str = "") -> str:
    """Python source of the value, laid out as ruff lays it out. `prefix`: what stands before it on its first line."""
    flat = _flat(value)
    parts = _parts(value)
    room = _WIDTH - indent - len(prefix) - (1 if indent else len("CHANGES: list[Change] = "))
    if (len(flat) <= room and not (indent == 0 and isinstance(value, list))) or parts is None:
        return flat
    opening, closing, items = parts
    inner = indent + 4
    lines = [f"{' ' * inner}{name}{source(item, inner, name)},\n" for name, item in items]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _parts(value: object) -> tuple[str, str, list[tuple[str, object]]] | None:
    """How a value opens and closes, and what is in between; None for one that stays in one piece."""
    if isinstance(value, Change):
        return f"{type(value).__name__}(", ")", _arguments(value)
    if isinstance(value, Mapping) and value:
        return "{", "}", [(f"{_flat(key)}: ", item) for key, item in value.items()]
    if isinstance(value, list | tuple) and value:
        opening, closing = "[]" if isinstance(value, list) else "()"
        return opening, closing, [("", item) for item in value]
    return None


def _arguments(change: Change) -> list[tuple[str, object]]:
    """What differs from its default, by name where it is not plain what it is."""
    given = []
    for item in dataclasses.fields(change):  # type: ignore[arg-type]  # every change is a dataclass
        value = getattr(change, item.name)
        default = item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
        if value != default:
            plain = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
            given.append(("" if plain else f"{item.name}=", value))
    return given


def _flat(value: object) -> str:
    parts = _parts(value)
    if parts is not None:
        opening, closing, items = parts
        comma = "," if isinstance(value, tuple) and len(items) == 1 else ""
        return opening + ", ".join(f"{name}{_flat(item)}" for name, item in items) + comma + closing
    if isinstance(value, str):
        quoted = repr(value)
        return quoted if '"' in value else '"' + quoted[1:-1].replace("\\'", "'") + '"'
    return repr(value)
