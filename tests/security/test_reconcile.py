"""Where order book and NetBox disagree, and what is said about it."""

import uuid
from typing import Any

import pytest

from trunkline.db.models import Lifecycle
from trunkline.recovery.adopt import reports
from trunkline.recovery.compare import Ordered, compare
from trunkline.routes.reports.schemas import ReportIn

NODE_ID, CIRCUIT_ID = uuid.UUID(int=1), uuid.UUID(int=2)
BLOCK: dict[str, object] = {
    "name": "ams-pe",
    "site": "ams",
    "role": "pe",
    "management": "172.20.20.11/24",
    "netbox_id": 7,
    "loopback_ipv4": "10.0.127.2/32",
    "loopback_ipv6": "fc00:0:0:127::2/128",
}
NODE = {
    **BLOCK,
    "subscription": str(NODE_ID),
    "status": "active",
    "site": {"slug": "ams", "name": "Amsterdam", "latitude": None, "longitude": None},
    "device_type": "frr-router",
    "platform": "frr",
}
END = {
    "node": "ams-pe",
    "interface": "eth1",
    "netbox_interface_id": 3,
    "ipv4": "10.0.1.0/31",
    "ipv6": "fc00:0:1::/127",
}
CIRCUIT_BLOCK: dict[str, object] = {
    "a": END,
    "z": END | {"node": "par-p", "netbox_interface_id": 4},
    "isis_metric": 10,
    "under_maintenance": False,
    "netbox_id": 9,
    "cid": "TL-1",
}
CIRCUIT = {
    **CIRCUIT_BLOCK,
    "subscription": str(CIRCUIT_ID),
    "status": "active",
    "speed_mbps": 10_000,
}


def _book(status: Lifecycle = Lifecycle.ACTIVE, **changed: object) -> list[Ordered]:
    return [
        Ordered(NODE_ID, "node-frr", status, "Node ams-pe at ams", BLOCK | changed),
        Ordered(CIRCUIT_ID, "core-circuit-10g", Lifecycle.ACTIVE, "Core circuit", CIRCUIT_BLOCK),
    ]


def _fabric(node: dict[str, Any] | None = NODE) -> dict[str, Any]:
    return {"nodes": [node] if node else [], "circuits": [CIRCUIT]}


def test_nothing_is_said_where_both_agree() -> None:
    assert compare(_book(), _fabric()) == []


@pytest.mark.parametrize(
    ("book", "fabric", "what", "remedy"),
    [
        (_book(), _fabric(None), "not in NetBox", f"trunkline resync {NODE_ID}"),
        (_book()[1:], _fabric(), "unknown here", "makes it a node-frr"),
        (_book()[1:], _fabric(NODE | {"platform": "other"}), "unknown here", "remove it in NetBox"),
        (_book(Lifecycle.TERMINATED), _fabric(), "terminated here", "remove it in NetBox"),
        (_book(site="par"), _fabric(), "differs", f"trunkline validate {NODE_ID}"),
        (_book(), {"nodes": [NODE, NODE], "circuits": [CIRCUIT]}, "twice in NetBox", "remove one"),
    ],
)
def test_each_disagreement_has_a_remedy(book: list[Ordered], fabric: dict[str, Any], what: str, remedy: str) -> None:
    [found] = compare(book, fabric)
    assert (found.subscription, found.what) == (NODE_ID, what)
    assert remedy in found.remedy


def test_a_difference_names_field_and_both_values() -> None:
    [found] = compare(_book(loopback_ipv4="10.0.127.9/32"), _fabric())
    assert found.detail == "loopback_ipv4 is '10.0.127.9/32' here, '10.0.127.2/32' in NetBox"


def test_what_was_never_in_service_need_not_be_in_netbox() -> None:
    assert compare(_book(Lifecycle.INITIAL), _fabric(None)) == []


def test_what_is_unknown_here_is_taken_over_nodes_first_with_all_that_was_learned() -> None:
    fabric: dict[str, Any] = {"circuits": [CIRCUIT], "nodes": [NODE]}
    node, circuit = reports(compare([], fabric), fabric, "noc")
    assert (node.subscription, node.body["product"], node.body["block"]) == (NODE_ID, "node-frr", BLOCK)
    assert (circuit.subscription, circuit.body["product"]) == (CIRCUIT_ID, "core-circuit-10g")
    assert circuit.body["block"] == CIRCUIT_BLOCK
    for one in (node, circuit):
        ReportIn.model_validate(one.body)


def test_what_is_known_or_not_in_service_is_not_taken_over() -> None:
    assert list(reports(compare(_book(), _fabric()), _fabric(), "noc")) == []
    staged = _fabric(NODE | {"status": "staged"})
    assert [one.about for one in reports(compare([], staged), staged, "noc")] == ["TL-1"]
