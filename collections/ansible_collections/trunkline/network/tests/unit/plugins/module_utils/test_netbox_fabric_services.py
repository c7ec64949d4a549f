"""Ports and L2VPNs out of NetBox's rows."""

from __future__ import annotations

from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric_services import services_of


def interface(node: str, name: str, parent: str | None = None) -> dict[str, Any]:
    above = {"name": parent} if parent else None
    return {"assigned_object": {"__typename": "InterfaceType", "name": name, "parent": above, "device": {"name": node}}}


def test_an_access_point_is_a_port_or_a_vlan_on_one() -> None:
    l2vpn = {
        "id": "4",
        "name": "TL-1",
        "status": "active",
        "identifier": 10004,
        "description": "",
        "custom_fields": {"trunkline_subscription": "s"},
        "terminations": [
            interface("lon-pe", "eth3.200", "eth3"),
            interface("ams-pe", "eth1.4"),
            {"assigned_object": None},
            {"assigned_object": {"__typename": "VLANType"}},
        ],
    }
    (found,) = services_of({"interface_list": [], "l2vpn_list": [l2vpn]})["l2vpns"]
    assert found["saps"] == [{"port": "ams-pe:eth1.4", "vlan": None}, {"port": "lon-pe:eth3", "vlan": 200}]
    assert (found["label"], found["vni"]) == (None, 10004)


def test_a_port_is_named_after_its_router() -> None:
    row = {
        "id": "5",
        "name": "eth3",
        "description": "University A",
        "mtu": None,
        "speed": 10_000_000,
        "mode": "tagged",
        "custom_fields": {"trunkline_port": "p"},
        "device": {"name": "ams-pe"},
    }
    (found,) = services_of({"interface_list": [row], "l2vpn_list": []})["ports"]
    assert (found["name"], found["mode"], found["speed_mbps"], found["subscription"]) == (
        "ams-pe:eth3",
        "tagged",
        10_000,
        "p",
    )
