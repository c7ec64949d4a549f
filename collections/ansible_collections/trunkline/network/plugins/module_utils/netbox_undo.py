# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Undo what some requests have written to NetBox, by its own change log.

https://netboxlabs.com/docs/netbox/features/change-logging/: each change has the object before and after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .netbox_apply import ENDPOINTS, at_most
from .netbox_errors import NetBoxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .netbox_session import Session

Record = dict[str, Any]
# Kept by NetBox itself; a cable that is gone leaves its ends by itself.
_NOT_OURS = ("created", "last_updated", "cable", "cable_end", "cable_connector", "cable_positions")


@dataclass(frozen=True)
class Change:
    """What became of one object: as it was before and after all changes, None where it did not exist."""

    type: str
    id: int
    name: str
    before: Record | None
    after: Record | None

    @property
    def fields(self) -> Record:
        """The fields to write so that the object is again what it was."""
        before, after = self.before or {}, self.after or {}
        differing = {name: value for name, value in before.items() if after.get(name) != value}
        if "custom_fields" in differing:
            # Writing some leaves the others as they are: what had no value gets none again.
            differing["custom_fields"] = {**dict.fromkeys(after.get("custom_fields") or {}), **before["custom_fields"]}
        # The log has tags by name, where writing takes a bare value for an id or a slug.
        tags = {name: [{"name": tag} for tag in value] for name, value in differing.items() if name == "tags"}
        return {name: value for name, value in (differing | tags).items() if name not in _NOT_OURS}


def net_changes(log: Iterable[Record]) -> list[Change]:
    """The log's entries (oldest first), one change an object, in the order of the objects' first change."""
    found: dict[tuple[str, int], Change] = {}
    for entry in log:
        key = (entry["changed_object_type"], entry["changed_object_id"])
        # What there is not stands in the log as {}, and so does what NetBox did not look at before it changed it.
        action = entry["action"]["value"]
        before = None if action == "create" else entry["prechange_data"]
        after = None if action == "delete" else entry["postchange_data"]
        if key in found:
            found[key] = replace(found[key], after=after)
        # What has no endpoint of its own (the ends of a cable) goes with what it belongs to.
        elif key[0] in ENDPOINTS:
            found[key] = Change(*key, entry["object_repr"], before, after)
    return [one for one in found.values() if one.before != one.after]


def steps(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """What to change back and what to delete, both newest first. NetBoxError for what cannot be made again."""
    gone = [one for one in changes if one.after is None]
    if gone:
        names = ", ".join(f"{one.type} {one.name}" for one in gone)
        raise NetBoxError(
            f"NetBox: {names} had been deleted, which cannot be undone; run the order again with its previous values"
        )
    newest_first = list(reversed(changes))
    return (
        [one for one in newest_first if one.before is not None and one.fields],
        [one for one in newest_first if one.before is None],
    )


def requests_of(session: Session, run: str) -> list[str]:
    """The request ids under which the run with this id has written to NetBox, in every attempt of it."""
    log = session.rows("core/object-changes/", {"q": f"trunkline run {run}"})
    return list(dict.fromkeys(row["request_id"] for row in sorted(log, key=lambda row: row["id"])))


def undo(session: Session, written_as: Sequence[str], check: bool) -> list[Record]:
    """Undo all that was written under these request ids; return the operations (in check mode, what they would be)."""
    # NetBox filters by one request id at a time.
    log = [row for one in written_as for row in session.rows("core/object-changes/", {"request_id": one})]
    updates, deletions = steps(net_changes(sorted(log, key=lambda row: row["id"])))
    if not check:
        for kind, group in groupby(deletions, key=lambda one: one.type):
            ids = [one.id for one in group]
            size = at_most("delete", kind)
            for start in range(0, len(ids), size):
                session.delete(ENDPOINTS[kind], ids[start : start + size])
        for kind, group in groupby(updates, key=lambda one: one.type):
            rows = [{"id": one.id, **one.fields} for one in group]
            size = at_most("update", kind)
            for start in range(0, len(rows), size):
                session.patch(ENDPOINTS[kind], rows[start : start + size])
    return [
        *({"op": "delete", "type": one.type, "name": one.name, "before": None, "after": None} for one in deletions),
        *({"op": "update", "type": one.type, "name": one.name, **_shown(one)} for one in updates),
    ]


def _shown(change: Change) -> Record:
    after = change.after or {}
    return {"before": {name: after.get(name) for name in change.fields}, "after": change.fields}
