"""What is to be done so that NetBox is again what its change log says it was."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import NetBoxError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_undo import net_changes, steps


def entry(kind: str, number: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    """A line of the change log, cut to what is read."""
    return {
        "changed_object_type": kind,
        "changed_object_id": number,
        "object_repr": f"{kind} {number}",
        "action": {"value": "create" if before is None else "delete" if after is None else "update"},
        "prechange_data": before or {},
        "postchange_data": after or {},
    }


def test_what_was_created_is_deleted_and_what_was_changed_is_changed_back_newest_first() -> None:
    log = [
        entry("circuits.circuit", 1, None, {"cid": "TL-1"}),
        entry("dcim.interface", 7, {"description": "", "tags": ["a"]}, {"description": "new", "tags": ["a", "b"]}),
        entry("dcim.cable", 3, None, {"label": ""}),
        entry("dcim.cabletermination", 9, None, {"cable": 3}),
        entry("circuits.circuit", 1, {"cid": "TL-1"}, {"cid": "TL-1", "status": "active"}),
        entry("dcim.interface", 7, {"description": "new"}, {"description": "newer", "last_updated": "today"}),
    ]
    updates, deletions = steps(net_changes(log))
    assert [(one.type, one.id, one.fields) for one in updates] == [
        ("dcim.interface", 7, {"description": "", "tags": [{"name": "a"}]})
    ]
    assert [(one.type, one.id) for one in deletions] == [("dcim.cable", 3), ("circuits.circuit", 1)]


def test_what_has_been_undone_is_left_alone() -> None:
    log = [
        entry("ipam.prefix", 1, None, {"prefix": "10.0.1.0/31"}),
        entry("dcim.interface", 7, {"description": ""}, {"description": "new"}),
        entry("dcim.interface", 7, {"description": "new"}, {"description": ""}),
        entry("ipam.prefix", 1, {"prefix": "10.0.1.0/31"}, None),
    ]
    assert steps(net_changes(log)) == ([], [])


def test_what_was_deleted_cannot_be_made_again() -> None:
    with pytest.raises(NetBoxError, match=r"dcim.cable dcim.cable 3 had been deleted, which cannot be undone"):
        steps(net_changes([entry("dcim.cable", 3, {"label": ""}, None)]))


def test_a_custom_field_that_had_no_value_gets_none_again() -> None:
    before, after = {"custom_fields": {"metric": 30}}, {"custom_fields": {"metric": 10, "subscription": "s"}}
    ((change,), _steps) = steps(net_changes([entry("circuits.circuit", 1, before, after)]))
    assert change.fields == {"custom_fields": {"metric": 30, "subscription": None}}
