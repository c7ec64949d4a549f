"""Where order book and NetBox disagree, and what is said about it."""

import uuid
from typing import Any

import pytest

from trunkline.db.models import Lifecycle
from trunkline.recovery.compare import Ordered, compare
from trunkline.recovery.rebuild import reports
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


PORT_IDS, L2VPN_ID = [uuid.UUID(int=3), uuid.UUID(int=4)], uuid.UUID(int=5)
PORTS = [
    {
        "subscription": str(number),
        "name": f"{node}:eth3",
        "netbox_interface_id": 5,
        "status": "active",
        "node": node,
        "interface": "eth3",
        "mode": "tagged",
        "label": None,
        "speed_mbps": 10_000,
        "mtu": None,
    }
    for node, number in zip(("ams-pe", "par-p"), PORT_IDS, strict=True)
]
L2VPN: dict[str, Any] = {
    "subscription": str(L2VPN_ID),
    "name": "TL-5",
    "netbox_id": 5,
    "status": "active",
    "label": "Two sites",
    "vni": 10005,
    "saps": [{"port": "ams-pe:eth3", "vlan": 100}, {"port": "par-p:eth3", "vlan": 200}],
}


def test_ports_and_l2vpns_are_taken_over_after_what_they_refer_to() -> None:
    fabric: dict[str, Any] = _fabric() | {"l2vpns": [L2VPN], "ports": PORTS}
    found = list(reports(compare([], fabric), fabric, "noc"))
    assert [one.body["product"] for one in found] == [
        "node-frr", "core-circuit-10g", "port-10g", "port-10g", "l2vpn-point-to-point",
    ]  # fmt: skip
    assert found[-1].body["block"] == {name: L2VPN[name] for name in ("label", "name", "netbox_id", "saps", "vni")}
    many = {**L2VPN, "saps": [*L2VPN["saps"], {"port": "lon-pe:eth3", "vlan": 100}]}
    (three,) = reports(compare([], {"l2vpns": [many]}), {"l2vpns": [many]}, "noc")
    assert three.body["product"] == "l2vpn-multipoint"
    for one in (*found, three):
        ReportIn.model_validate(one.body)


def test_access_points_are_compared_in_any_order_and_their_number_counts() -> None:
    block = {name: L2VPN[name] for name in ("label", "name", "netbox_id", "vni")}
    turned = [Ordered(L2VPN_ID, "l2vpn-point-to-point", Lifecycle.ACTIVE, "", block | {"saps": L2VPN["saps"][::-1]})]
    assert compare(turned, {"l2vpns": [L2VPN]}) == []
    many = {**L2VPN, "saps": [*L2VPN["saps"], {"port": "zag-pe:eth3", "vlan": 100}]}
    (found,) = compare(turned, {"l2vpns": [many]})
    assert found.detail == "saps has 2 items here, 3 in NetBox"


def test_what_is_known_or_not_in_service_is_not_taken_over() -> None:
    assert list(reports(compare(_book(), _fabric()), _fabric(), "noc")) == []
    staged = _fabric(NODE | {"status": "staged"})
    assert [one.about for one in reports(compare([], staged), staged, "noc")] == ["TL-1"]
