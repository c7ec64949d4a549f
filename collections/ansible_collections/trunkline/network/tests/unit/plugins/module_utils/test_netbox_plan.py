"""Plans: values that are learned, what is shown, what differs."""

from __future__ import annotations

from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils.netbox_objects import Declared, agrees, plan
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import (
    Allocation,
    Named,
    Operation,
    Pool,
    Ref,
    changed,
    described,
    diff_of,
    owned,
    predicted,
    readable,
    sendable,
    slug,
)

POOL = Pool(1, "10.0.1.0/24", "core-link", free=("10.0.1.0/24",))


def create_prefix() -> Operation:
    allocation = Allocation("prefix", 31, (POOL,), predicted="10.0.1.0/31")
    fields = {"status": "active", **owned("u")}
    return Operation("create", "ipam.prefix", "", "prefix", 0, "u", fields=fields, allocation=allocation)


def test_a_learned_value_is_sent_and_an_unknown_one_shown_as_none() -> None:
    value = {"device": Named(Ref("device"), "ams-pe"), "ids": [Ref("device")], "first": Ref("p", "prefix", str.upper)}
    assert sendable(value, {"device": {"id": 7}, "p": {"prefix": "a/31"}}) == {"device": 7, "ids": [7], "first": "A/31"}
    assert readable(value, {}) == {"device": "ams-pe", "ids": [None], "first": None}


def test_an_allocation_is_described_by_what_it_yields() -> None:
    operation = create_prefix()
    expected = {"op": "create", "type": "ipam.prefix", "before": None, "subscription": "u"}
    after = {"status": "active", "subscription": "u"}
    planned = described(operation, predicted([operation]))
    assert planned == {**expected, "name": "10.0.1.0/31", "after": {"prefix": "10.0.1.0/31", **after}}
    done = described(operation, {"prefix": {"prefix": "10.0.1.4/31", "id": 3}})
    assert done == {**expected, "name": "10.0.1.4/31", "after": {"prefix": "10.0.1.4/31", **after}}


def test_a_later_operation_is_predicted_from_an_earlier_one() -> None:
    fields = {"address": Ref("prefix", "prefix", lambda prefix: prefix.replace(".0/", ".1/"))}
    later = Operation("create", "ipam.ipaddress", "", "address", 1, "u", fields=fields)
    assert predicted([create_prefix(), later])["address"] == {"address": "10.0.1.1/31"}


def test_only_what_differs_is_changed() -> None:
    current = {"site": "ams", "status": "staged", "name": "a"}
    wanted = {"site": slug("par"), "status": "staged", "primary_ip4": Named(3, "10.0.0.1/32")}
    before, after = changed(current, wanted)
    assert before == {"site": "ams", "primary_ip4": None}
    assert after == {"site": slug("par"), "primary_ip4": Named(3, "10.0.0.1/32")}


def test_a_diff_has_one_block_an_object_with_what_changes() -> None:
    operations: list[dict[str, Any]] = [
        {
            "op": "update",
            "type": "dcim.device",
            "name": "a",
            "before": {"status": "staged"},
            "after": {"status": "active"},
        },
        {"op": "delete", "type": "dcim.cable", "name": "c", "before": {"a": None, "up": True}, "after": None},
        {"op": "create", "type": "dcim.site", "name": "s", "before": None, "after": {"subscription": "u", "up": False}},
    ]
    assert diff_of(operations) == {
        "before": "dcim.device a\n  status: staged\ndcim.cable c\n  a: -\n  up: yes\n",
        "after": "dcim.device a\n  status: active\ndcim.site s\n  up: no\n",
    }


def test_an_object_that_takes_two_steps_is_one_block_of_the_diff() -> None:
    def step(op: str, before: dict[str, Any] | None, after: dict[str, Any], name: str = "new") -> dict[str, Any]:
        return {"op": op, "type": "dcim.device", "name": name, "before": before, "after": after}

    operations = [
        step("create", None, {"status": "staged"}),
        step("update", {"oob_ip": None}, {"oob_ip": "192.0.2.1/24"}),
        step("update", {"status": "staged", "oob_ip": None}, {"status": "active", "oob_ip": "192.0.2.2/24"}, "old"),
        step("update", {"oob_ip": "192.0.2.2/24"}, {"oob_ip": "192.0.2.3/24"}, "old"),
    ]
    assert diff_of(operations) == {
        "before": "dcim.device old\n  oob_ip: -\n  status: staged\n",
        "after": "dcim.device new\n  status: staged\n  oob_ip: 192.0.2.1/24\n"
        "dcim.device old\n  status: active\n  oob_ip: 192.0.2.3/24\n",
    }


def test_declared_values_agree_with_how_netbox_shows_them() -> None:
    assert agrees({"value": "active", "label": "Active"}, "active")
    assert agrees({"id": 3, "slug": "frr", "name": "FRRouting"}, {"slug": "frr"})
    assert agrees(["b", "a"], ["a", "b"])
    assert agrees([{"id": 1, "slug": "x"}], [{"slug": "x"}])
    assert agrees(None, "")
    assert not agrees(["a"], ["a", "b"])
    assert not agrees({"slug": "frr"}, {"slug": "nokia"})
    assert not agrees(0, None)


def test_declared_objects_are_created_corrected_or_left_alone() -> None:
    sites = [{"slug": "ams", "name": "Amsterdam"}, {"slug": "par", "name": "Paris"}, {"slug": "lon", "name": "London"}]
    there = [
        {"id": 1, "slug": "ams", "name": "Amsterdam", "comments": "kept"},
        {"id": 2, "slug": "par", "name": "Pairs", "last_updated": "2026-01-01T00:00:00Z"},
    ]
    operations = plan([Declared("dcim.site", sites)], [there]).operations
    assert [(item.op, item.name, item.before, readable(item.fields, {})) for item in operations] == [
        ("update", "par", {"name": "Pairs"}, {"name": "Paris"}),
        ("create", "lon", None, {"slug": "lon", "name": "London"}),
    ]
    assert operations[0].last_updated == "2026-01-01T00:00:00+00:00"


def test_a_prefix_is_found_however_it_is_written() -> None:
    there = [{"id": 1, "prefix": "fc00:0:1::/48", "status": {"value": "active"}}]
    declared = [Declared("ipam.prefix", [{"prefix": "fc00:0000:0001::/48", "status": "active"}])]
    assert [item.fields for item in plan(declared, [there]).operations] == []
