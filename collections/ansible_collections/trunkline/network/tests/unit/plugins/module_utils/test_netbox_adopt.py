"""What stands against adopting a device or a circuit, and what makes it a subscription's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt import (
    CIRCUIT,
    DEVICE,
    against_circuit,
    against_node,
    survey_of,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt_plan import (
    MARK,
    circuit_order,
    joined,
    node_order,
    overlays_of,
    parts_of,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import FIELD, Operation

SPACE = "3b1f8b2a-9d0c-4d75-8f4e-6a2f5f6b8c22"
NAMES = {"ams-pe", "par-p"}


def device(number: int = 7, name: str = "ams-pe", **more: Any) -> dict[str, Any]:
    row = {
        "id": str(number),
        "name": name,
        "status": "active",
        "custom_fields": {},
        "site": {"slug": "ams", "name": "Amsterdam", "latitude": None, "longitude": None},
        "role": {"slug": "pe"},
        "platform": {"slug": "frr"},
        "device_type": {"slug": "frr-router"},
        "primary_ip4": {"id": "1", "address": f"10.0.127.{number}/32"},
        "primary_ip6": {"id": "2", "address": f"fc00::{number}/128"},
        "oob_ip": {"id": "3", "address": f"172.20.20.{number}/24"},
    }
    return {**row, **more}


def termination(side: str, node: str, *addresses: str, owner: str | None = None) -> dict[str, Any]:
    held = [
        {"id": f"{node}{number}", "address": text, "custom_fields": {FIELD: owner} if owner else {}}
        for number, text in enumerate(addresses)
    ]
    far = {"__typename": "InterfaceType", "id": "5", "name": "eth1", "device": {"name": node}, "ip_addresses": held}
    return {"term_side": side, "cable": {"id": f"c{side}", "terminations": [{"termination": far}]}}


def circuit(a: Any = ("10.0.1.0/31", "fc00:1::/127"), z: Any = ("10.0.1.1/31", "fc00:1::1/127"), **more: Any) -> Any:
    row = {
        "id": "9",
        "cid": "KPN-1",
        "status": "active",
        "commit_rate": 10_000_000,
        "custom_fields": {},
        "provider": {"slug": "kpn"},
        "type": {"slug": "fibre"},
        "terminations": [termination("A", "ams-pe", *a), termination("Z", "par-p", *z)],
    }
    return {**row, **more}


def said(row: dict[str, Any]) -> str:
    return " ".join(against_circuit(row, NAMES, "mine"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"name": None}, "name: the device has none. Give it one"),
        ({"status": "planned"}, "status: it is planned in NetBox. Set it active"),
        ({"platform": None}, "platform: the device has none. Set it"),
        ({"primary_ip4": None}, "loopback_ipv4: the device has no primary IPv4 address. Put its loopback's /32"),
        ({"primary_ip6": {"address": "fc00::1/64"}}, "loopback_ipv6: its primary IPv6 address fc00::1/64 is no /128"),
        ({"oob_ip": None}, "management: the device has no out-of-band address. Set it"),
    ],
)
def test_a_device_s_obstacle_is_named_with_its_remedy(more: dict[str, Any], why: str) -> None:
    (reason,) = against_node(device(**more), Counter([device(**more)["name"]]))
    assert reason.startswith(why)


def test_a_device_of_which_nothing_is_missing_can_be_adopted_and_one_of_two_namesakes_cannot() -> None:
    assert list(against_node(device(), Counter({"ams-pe": 1}))) == []
    (reason,) = against_node(device(), Counter({"ams-pe": 2}))
    assert reason.startswith("name: NetBox has 2 devices 'ams-pe'")


@pytest.mark.parametrize(
    ("a", "z"),
    [
        (("10.0.1.0/31", "fc00:1::/127"), ("10.0.1.1/31", "fc00:1::1/127")),
        (("10.0.1.1/30", "fc00:1::1/126"), ("10.0.1.2/30", "fc00:1::2/126")),
        (("10.0.1.0/31", "fe80::1/64", "fc00:1::/127"), ("10.0.1.1/31", "fc00:1::1/127")),
    ],
)
def test_links_of_these_forms_can_be_adopted(a: tuple[str, ...], z: tuple[str, ...]) -> None:
    assert said(circuit(a, z)) == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (circuit(status="planned"), "status: it is planned"),
        (circuit(commit_rate=None), "speed_mbps: the circuit has no commit rate"),
        (circuit(terminations=[termination("A", "ams-pe")]), "z: no cable leads from termination Z"),
        (circuit(a=("10.0.1.0/31",)), "a.ipv6: ams-pe:eth1 has no IPv6 address"),
        (circuit(a=("10.0.1.0/31", "10.0.2.0/31", "fc00:1::/127")), "a.ipv4: ams-pe:eth1 has 2 IPv4 addresses"),
        (circuit(a=("10.0.1.1/31", "fc00:1::/127"), z=("10.0.1.0/31", "fc00:1::1/127")), "Swap the circuit's"),
        (circuit(z=("10.0.9.1/31", "fc00:1::1/127")), "z.ipv4: 10.0.9.1/31 is not in 10.0.1.0/31"),
        (circuit(a=("10.0.1.0/31", "fc00:1::1/64"), z=("10.0.1.1/31", "fc00:1::2/64")), "Renumber to a /127 in it"),
        (circuit(a=("10.0.1.9/29", "fc00:1::/127"), z=("10.0.1.12/29", "fc00:1::1/127")), "Renumber the link"),
        (
            circuit(terminations=[termination("A", "ams-pe"), termination("Z", "ams-pe")]),
            "z.node: both ends are on ams-pe",
        ),
        (circuit(terminations=[termination("A", "ams-pe"), termination("Z", "switch-1")]), "z.node: switch-1 belongs"),
    ],
)
def test_a_circuit_s_obstacle_is_named_with_its_remedy(row: dict[str, Any], why: str) -> None:
    assert why in said(row)


def test_an_address_of_another_subscription_is_not_taken_but_one_of_its_own_is() -> None:
    ends = [
        termination("A", "ams-pe", "10.0.1.0/31", "fc00:1::/127", owner="theirs"),
        termination("Z", "par-p", "10.0.1.1/31", "fc00:1::1/127", owner="mine"),
    ]
    assert said(circuit(terminations=ends)).count("belongs to subscription theirs") == 2


def test_the_same_namespace_gives_the_same_ids_and_what_another_owns_is_no_candidate() -> None:
    rows = [device(), device(8, "par-p"), device(9, "srv-1", device_type={"slug": "server"})]
    first, again = (survey_of(rows, [circuit()], None, ["frr-router"], SPACE) for _time in range(2))
    assert [one.subscription for one in first.nodes] == [one.subscription for one in again.nodes]
    assert [one.name for one in (*first.nodes, *first.circuits)] == ["ams-pe", "par-p", "KPN-1"]
    assert [(other["device_type"], other["count"], other["examples"]) for other in first.others] == [
        ("server", 1, ["srv-1"])
    ]
    owned = [
        device(custom_fields={FIELD: "theirs"}),
        device(8, "par-p", custom_fields={FIELD: first.nodes[1].subscription}),
    ]
    left = survey_of(owned, [circuit()], None, [], SPACE)
    assert [one.name for one in left.nodes] == ["par-p"]
    assert left.circuits[0].cannot == []


def test_a_circuit_waits_for_a_node_with_an_obstacle_and_a_part_leaves_the_others_out() -> None:
    rows = [device(), device(8, "par-p", oob_ip=None)]
    found = survey_of(rows, [circuit()], {"ams-pe"}, [], SPACE)
    assert [one.name for one in found.nodes] == ["ams-pe"]
    assert found.circuits[0].cannot == [
        "z.node: par-p belongs to no subscription and cannot be adopted. Remedy first what stands against it."
    ]
    assert survey_of(rows, [circuit()], {"lon-pe"}, [], SPACE).circuits == []


def test_a_candidate_is_ordered_as_it_is() -> None:
    found = survey_of([device(), device(8, "par-p")], [circuit()], None, [], SPACE)
    node, link = node_order(found.nodes[0]), circuit_order(found.circuits[0])
    assert (node.name, node.site, node.management, node.status) == ("ams-pe", "ams", "172.20.20.7/24", "active")
    assert (link.cid, link.a.label, link.isis_metric, link.speed_mbps) == ("KPN-1", "ams-pe:eth1", 10, 10_000)
    parts = parts_of(found.circuits[0])
    assert (parts.cables, parts.prefixes) == (["cA", "cZ"], ["10.0.1.0/31", "fc00:1::/127"])
    assert parts.addresses == ["ams-pe0", "ams-pe1", "par-p0", "par-p1"]
    assert [found.nodes[0].type, found.circuits[0].type] == [DEVICE, CIRCUIT]


def test_a_correction_of_a_marked_object_is_written_with_its_mark() -> None:
    mark = Operation(
        "update", CIRCUIT, "KPN-1", "m", MARK, "s", {"custom_fields": {FIELD: "s"}}, {"subscription": None}, 9
    )
    metric = {"description": "x", "custom_fields": {"trunkline_isis_metric": 10}}
    fix = Operation("update", CIRCUIT, "KPN-1", "c", 2, "s", metric, {"description": "rented"}, 9, "then")
    other = Operation("update", "dcim.interface", "eth1", "i", 3, "s", {"description": "y"}, {}, 5, "then")
    first, second = joined([mark], [fix, other])
    assert first.fields == {"custom_fields": {FIELD: "s", "trunkline_isis_metric": 10}, "description": "x"}
    assert first.before == {"subscription": None, "description": "rented"}
    # A mark on a cable changes its interfaces, too: what was read of them is no longer the newest.
    assert (second.stage > MARK, second.last_updated) == (True, "")


def test_a_router_s_intent_gets_the_circuits_that_are_not_marked_yet() -> None:
    end = {"interface": "eth1", "ipv4": "10.0.1.0/31", "ipv6": "fc00:1::/127"}
    view = {
        "type": CIRCUIT, "cid": "KPN-1", "subscription": "s", "status": "active", "isis_metric": 30,
        "under_maintenance": False, "a": {"node": "ams-pe", **end}, "z": {"node": "par-p", **end},
    }  # fmt: skip
    overlays = overlays_of([view, {"type": DEVICE, "name": "ams-pe"}])
    assert set(overlays) == NAMES
    kinds = [item["type"] for item in overlays["ams-pe"]]
    assert kinds == [CIRCUIT, *["dcim.cable", "ipam.ipaddress", "ipam.ipaddress"] * 2]
    assert overlays["ams-pe"][1]["after"] == {"a": "ams-pe:eth1", "b": "KPN-1 A"}
