# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Undo what was written to NetBox under one request id, by NetBox's own change log.

https://netboxlabs.com/docs/netbox/features/change-logging/: each change has the object before and after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from .netbox_apply import BULK, ENDPOINTS
from .netbox_errors import NetBoxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .netbox_session import Session

Record = dict[str, Any]
# Kept by NetBox itself.
_NOT_OURS = ("created", "last_updated")


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
        # The log has tags by name, where writing takes a bare value for an id or a slug.
        tags = {name: [{"name": tag} for tag in value] for name, value in differing.items() if name == "tags"}
        return {name: value for name, value in (differing | tags).items() if name not in _NOT_OURS}


def net_changes(log: Iterable[Record]) -> list[Change]:
    """The log's entries (oldest first), one change an object, in the order of the objects' first change."""
    found: dict[tuple[str, int], Change] = {}
    for entry in log:
        key = (entry["changed_object_type"], entry["changed_object_id"])
        after = entry["postchange_data"]
        if key in found:
            found[key] = replace(found[key], after=after)
        # What has no endpoint of its own (the ends of a cable) goes with what it belongs to.
        elif key[0] in ENDPOINTS:
            found[key] = Change(*key, entry["object_repr"], entry["prechange_data"], after)
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


def undo(session: Session, request_id: str, check: bool) -> list[Record]:
    """Undo all that was written under this request id; return the operations (in check mode, what they would be).

    Under the same id, so that what is undone is not undone again.
    """
    session.write_as(request_id)
    log = session.rows("core/object-changes/", {"request_id": request_id})
    updates, deletions = steps(net_changes(log))
    if not check:
        for one in updates:
            session.patch(f"{ENDPOINTS[one.type]}{one.id}/", one.fields)
        for kind, group in groupby(deletions, key=lambda one: one.type):
            ids = [one.id for one in group]
            for start in range(0, len(ids), BULK):
                session.delete(ENDPOINTS[kind], ids[start : start + BULK])
    return [
        *({"op": "update", "type": one.type, "name": one.name, **_shown(one)} for one in updates),
        *({"op": "delete", "type": one.type, "name": one.name, "before": None, "after": None} for one in deletions),
    ]


def _shown(change: Change) -> Record:
    after = change.after or {}
    return {"before": {name: after.get(name) for name in change.fields}, "after": change.fields}
