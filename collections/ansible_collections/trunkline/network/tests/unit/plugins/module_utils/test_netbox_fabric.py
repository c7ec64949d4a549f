"""What NetBox's rows say of the network, and what belongs to a part of it."""

from typing import Any

from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import Part, fabric_of

Row = dict[str, Any]


def device(name: str, status: str = "active", **more: Any) -> Row:
    row = {
        "id": "7",
        "name": name,
        "status": status,
        "custom_fields": {"trunkline_subscription": f"uuid-of-{name}"},
        "site": {"slug": "ams", "name": "Amsterdam", "latitude": "52.370000", "longitude": "4.900000"},
        "role": {"slug": "pe"},
        "platform": {"slug": "frr"},
        "device_type": {"slug": "frr-router"},
        "primary_ip4": {"address": "10.0.127.2/32"},
        "primary_ip6": {"address": "fc00:0:0:127::2/128"},
        "oob_ip": {"address": "172.20.20.11/24"},
    }
    return row | more


def end(side: str, node: str, *addresses: tuple[str, str]) -> Row:
    rows = [{"address": item, "custom_fields": {"trunkline_subscription": owner}} for item, owner in addresses]
    device = {"name": node}
    interface = {"__typename": "InterfaceType", "id": "3", "name": "eth1", "device": device, "ip_addresses": rows}
    circuit = {"__typename": "CircuitTerminationType"}
    return {"term_side": side, "cable": {"terminations": [{"termination": circuit}, {"termination": interface}]}}


def circuit(cid: str, *ends: Row, status: str = "active", **custom: Any) -> Row:
    fields = {"trunkline_subscription": cid, "trunkline_isis_metric": 10, "trunkline_under_maintenance": False} | custom
    return {
        "id": "3", "cid": cid, "status": status, "commit_rate": 10000000, "custom_fields": fields, "terminations": ends,
    }  # fmt: skip


def test_a_circuit_has_its_own_addresses_at_both_ends_and_their_prefixes() -> None:
    a = end("A", "ams", ("10.0.1.0/31", "C1"), ("fc00:0:1::/127", "C1"), ("192.0.2.1/24", "another"))
    z = end("Z", "par", ("10.0.1.1/31", "C1"), ("fc00:0:1::1/127", "C1"))
    found = fabric_of([device("ams"), device("par")], [circuit("C1", z, a)], Part())
    assert found["circuits"] == [
        {
            "cid": "C1",
            "netbox_id": 3,
            "subscription": "C1",
            "status": "active",
            "isis_metric": 10,
            "under_maintenance": False,
            "speed_mbps": 10000,
            "ipv4_prefix": "10.0.1.0/31",
            "ipv6_prefix": "fc00:0:1::/127",
            "a": {
                "node": "ams",
                "interface": "eth1",
                "netbox_interface_id": 3,
                "ipv4": "10.0.1.0/31",
                "ipv6": "fc00:0:1::/127",
            },
            "z": {
                "node": "par",
                "interface": "eth1",
                "netbox_interface_id": 3,
                "ipv4": "10.0.1.1/31",
                "ipv6": "fc00:0:1::1/127",
            },
        }
    ]
    link = {"a": "ams", "z": "par", "cid": "C1", "metric": 10, "status": "active", "under_maintenance": False}
    assert found["links"] == [link]


def test_what_is_not_set_is_null() -> None:
    site = {"slug": "ams", "name": "Amsterdam", "latitude": None, "longitude": None}
    bare = device("ams", site=site, platform=None, primary_ip4=None, primary_ip6=None, oob_ip=None)
    half = circuit("C1", end("A", "ams"), {"term_side": "Z", "cable": None}) | {"commit_rate": None}
    found = fabric_of([bare], [half], Part())
    (node,), (only,) = found["nodes"], found["circuits"]
    assert node["site"] == site
    assert [node[name] for name in ("platform", "loopback_ipv4", "loopback_ipv6", "management")] == [None] * 4
    assert only["a"] == {"node": "ams", "interface": "eth1", "netbox_interface_id": 3, "ipv4": None, "ipv6": None}
    assert [only[name] for name in ("z", "ipv4_prefix", "ipv6_prefix", "speed_mbps")] == [None] * 4
    assert found["links"] == []


def test_a_cable_to_something_else_than_an_interface_is_no_end() -> None:
    port = {"__typename": "FrontPortType"}
    patched = {"term_side": "A", "cable": {"terminations": [{"termination": None}, {"termination": port}]}}
    assert fabric_of([], [circuit("C1", patched)], Part())["circuits"][0]["a"] is None


def test_a_part_has_the_circuits_that_end_in_it_and_links_within_it() -> None:
    nodes = [device("par"), device("ams")]
    inside = circuit("C2", end("A", "ams"), end("Z", "par"))
    leaving = circuit("C1", end("A", "ams"), end("Z", "lon"))
    beyond = circuit("C3", end("A", "lon"), end("Z", "nyc"))
    found = fabric_of(nodes, [inside, leaving, beyond], Part(nodes=["ams", "par"]))
    assert [node["name"] for node in found["nodes"]] == ["ams", "par"]
    assert [item["cid"] for item in found["circuits"]] == ["C1", "C2"]
    assert [item["cid"] for item in found["links"]] == ["C2"]


def test_totals_count_what_is_shown() -> None:
    nodes = [device("ams"), device("par", status="staged")]
    ends = end("A", "ams"), end("Z", "par")
    circuits = [
        circuit("C1", *ends, trunkline_under_maintenance=True),
        circuit("C2", *ends, status="provisioning"),
        circuit("C3", *ends, status="offline"),
    ]
    found = fabric_of(nodes, circuits, Part(circuit_status=["active", "provisioning"]))
    assert found["totals"] == {
        "nodes": 2,
        "circuits": 2,
        "links": 2,
        "under_maintenance": 1,
        "nodes_by_status": {"active": 1, "staged": 1},
        "circuits_by_status": {"active": 1, "provisioning": 1},
    }
