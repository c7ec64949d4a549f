"""Unified diffs as two columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True)
class Row:
    """A line before and after: None where there is none. `kind`: same, changed, added, removed or hunk."""

    kind: str
    left: str | None
    right: str | None


def side_by_side(diff: str) -> list[Row]:
    """The rows of a unified diff; lines that were replaced stand beside those that replace them."""
    rows: list[Row] = []
    removed: list[str] = []
    added: list[str] = []
    for line in diff.splitlines():
        if line.startswith(("--- ", "+++ ")) and not removed and not added and not rows:
            continue
        if line.startswith("-"):
            if added:
                rows += _paired(removed, added)
                removed, added = [], []
            removed.append(line[1:])
        elif line.startswith("+"):
            added.append(line[1:])
        else:
            rows += _paired(removed, added)
            removed, added = [], []
            if line.startswith("@@"):
                rows.append(Row("hunk", line, None))
            else:
                rows.append(Row("same", line.removeprefix(" "), line.removeprefix(" ")))
    return rows + list(_paired(removed, added))


def _paired(removed: list[str], added: list[str]) -> Iterator[Row]:
    for left, right in zip_longest(removed, added):
        yield Row("added" if left is None else "removed" if right is None else "changed", left, right)
