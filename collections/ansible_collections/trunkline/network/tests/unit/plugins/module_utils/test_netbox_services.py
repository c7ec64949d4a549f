# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_services import (
    L2vpn,
    Port,
    Services,
    intent_of,
    nodes_in,
    overlay,
)

LOOPBACKS = {"ams": "10.0.127.1/32", "par": "10.0.127.2/32", "lon": "10.0.127.10/32", "mad": "10.0.127.4/32"}
EVPN = {"asn": 65000, "reflector_roles": ["p"]}
L2VPN = L2vpn("TL-1", "active", 10001, {"ams:eth3.100", "lon:eth3"})


def services(**more: Any) -> Services:
    return Services(**{"ports": {"eth3": Port("p", "", 9000, "tagged")}, "l2vpns": {"s": L2VPN}, **more})


def neighbors(found: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(item["name"], item["client"]) for item in found["bgp"]["neighbors"]] if found["bgp"] else []


def test_a_router_carries_its_ports_its_l2vpns_and_what_tells_it_of_the_others() -> None:
    found = intent_of(services(reflectors={"par"}), "ams", LOOPBACKS, EVPN, reflects=False)
    assert found["ports"] == [
        {"interface": "eth3", "subscription": "p", "description": "port p", "mtu": 9000, "tagged": True}
    ]
    (l2vpn,) = found["l2vpns"]
    assert (l2vpn["vni"], l2vpn["vteps"]) == (10001, ["10.0.127.10"])
    assert l2vpn["saps"] == [{"interface": "eth3", "vlan": 100, "mtu": 9000}]
    assert neighbors(found) == [("par", False)]


def test_without_reflectors_the_routers_of_an_l2vpn_talk_to_each_other() -> None:
    assert neighbors(intent_of(services(), "ams", LOOPBACKS, EVPN, reflects=False)) == [("lon", False)]


def test_a_reflector_serves_who_carries_an_l2vpn_in_the_order_in_which_frr_lists_them() -> None:
    others = services(ports={}, reflectors={"mad"})
    found = intent_of(others, "par", LOOPBACKS, EVPN, reflects=True)
    assert neighbors(found) == [("ams", True), ("mad", False), ("lon", True)]
    assert found["l2vpns"] == []
    out_of_use = {"s": L2vpn("TL-1", "decommissioning", 10001, L2VPN.ends)}
    assert intent_of(services(l2vpns=out_of_use), "par", LOOPBACKS, EVPN, reflects=True)["bgp"] is None


def test_who_carries_nothing_needs_no_bgp_and_no_settings_for_it() -> None:
    assert intent_of(services(reflectors={"par"}), "mad", LOOPBACKS, {}, reflects=False)["bgp"] is None
    with pytest.raises(OrderError, match="no EVPN settings for ams"):
        intent_of(services(), "ams", LOOPBACKS, {}, reflects=False)


def test_planned_operations_are_laid_over_what_is_there() -> None:
    operations: list[dict[str, Any]] = [
        {
            "op": "update",
            "type": "dcim.interface",
            "name": "ams:eth4",
            "before": {"port": None},
            "after": {"port": "q", "mode": "tagged", "mtu": 1400},
        },
        {"op": "create", "type": "vpn.l2vpn", "name": "TL-2", "after": {"name": "TL-2", "status": "planned"}},
        {"op": "create", "type": "dcim.interface", "name": "ams:eth4.7", "after": {"name": "eth4.7"}},
        {"op": "create", "type": "vpn.l2vpntermination", "name": "TL-2", "after": {"interface": "ams:eth4.7"}},
        {"op": "create", "type": "vpn.l2vpntermination", "name": "TL-2", "after": {"interface": "mad:eth1"}},
        {"op": "update", "type": "vpn.l2vpn", "name": "TL-2", "after": {"identifier": 10002}},
        {"op": "delete", "type": "vpn.l2vpn", "name": "TL-1", "before": {}, "after": None, "subscription": "s"},
    ]
    planned = [{"subscription": "t", "before": None, **item} for item in operations]
    assert nodes_in(planned) == {"ams", "mad"}
    found = services(reflectors={"par"})
    overlay(found, "ams", planned)
    intent = intent_of(found, "ams", LOOPBACKS, EVPN, reflects=False)
    assert [port["interface"] for port in intent["ports"]] == ["eth3", "eth4"]
    (l2vpn,) = intent["l2vpns"]
    assert (l2vpn["name"], l2vpn["vni"], l2vpn["vteps"]) == ("TL-2", 10002, ["10.0.127.4"])
    assert l2vpn["saps"] == [{"interface": "eth4", "vlan": 7, "mtu": 1400}]
    overlay(found, "ams", [{**planned[0], "after": {"port": None}}])
    assert list(found.ports) == ["eth3"]
