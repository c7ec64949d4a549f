"""What is proposed of what was found in NetBox and on the routers."""

from typing import Any

import pytest

from trunkline.cli.adopt import summary
from trunkline.recovery.proposals import Proposal, choose, device_types, hunks, proposals_from

DIFF = """\
--- running
+++ intended
@@ -1,3 +1,3 @@ interface eth1
 interface eth1
- description theirs
+ description KPN-1 to par-p:eth1
@@ -1,2 +1,3 @@ router isis CORE
 router isis CORE
+ spf-interval 1
"""
END = {"interface": "eth1", "netbox_interface_id": 3, "ipv4": "10.0.1.0/31", "ipv6": "fc00:0:1::/127"}


def node(number: int, name: str, **more: Any) -> dict[str, Any]:
    item = {
        "type": "dcim.device",
        "name": name,
        "netbox_id": number,
        "subscription": f"00000000-0000-0000-0000-00000000000{number}",
        "status": "active",
        "site": "ams",
        "role": "pe",
        "device_type": "frr-router",
        "platform": "frr",
        "management": f"172.20.20.{number}/24",
        "loopback_ipv4": f"10.0.127.{number}/32",
        "loopback_ipv6": f"fc00:0:0:127::{number}/128",
    }
    return item | more


def circuit(**more: Any) -> dict[str, Any]:
    item = {
        "type": "circuits.circuit",
        "cid": "KPN-1",
        "netbox_id": 9,
        "subscription": "00000000-0000-0000-0000-000000000009",
        "status": "active",
        "isis_metric": 30,
        "under_maintenance": False,
        "speed_mbps": 10_000,
        "a": {"node": "ams-pe", **END},
        "z": {"node": "par-p", **END},
    }
    return item | more


def artifacts(routers: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    found = {"adopted": [circuit(), node(1, "ams-pe"), node(2, "par-p")], "refused": [], "routers": routers or {}}
    return found | more


def chosen(found: list[Proposal], **options: Any) -> list[str]:
    choose(found, **{"only": None, "differing": False, "limit": 10, **options})
    return [one.name for one in found if one.taken]


def test_what_was_learned_is_the_block_of_the_product_that_fits() -> None:
    first, _second, link = proposals_from(artifacts())
    assert (first.kind, first.product, first.state) == ("node", "node-frr", "ready")
    assert first.block["loopback_ipv4"] == "10.0.127.1/32"
    assert (link.product, link.block["isis_metric"], link.block["a"]["node"]) == ("core-circuit-10g", 30, "ams-pe")
    assert link.claims == ["interface eth1 of ams-pe", "interface eth1 of par-p"]
    assert not first.compared
    assert "frr-router" in device_types()


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (node(1, "ams pe"), "name: "),
        (node(1, "ams-pe", device_type="server"), "device_type: not one product alone is for server with platform frr"),
        (circuit(speed_mbps=40_000), "speed_mbps: not one product alone is for 40000 Mbit/s"),
    ],
)
def test_what_fits_no_product_is_refused_with_the_remedy(item: dict[str, Any], why: str) -> None:
    (found,) = proposals_from(artifacts(adopted=[item]))
    assert (found.state, found.block) == ("refused", {})
    assert found.reasons[0].startswith(why)
    assert "NetBox" in found.reasons[0]


def test_what_the_playbook_refused_stays_refused() -> None:
    refused = {"type": "circuits.circuit", "name": "KPN-2", "netbox_id": 4, "cannot": ["speed_mbps: none. Set it."]}
    (found,) = proposals_from(artifacts(adopted=[], refused=[refused]))
    assert (found.kind, found.state, found.reasons) == ("circuit", "refused", ["speed_mbps: none. Set it."])
    assert chosen([found], differing=True) == []


def test_a_hunk_of_a_router_s_diff_is_the_circuit_s_or_the_node_s() -> None:
    assert list(hunks(DIFF)) == ["interface eth1", "router isis CORE"]
    same = {"diff": "", "error": ""}
    ams, par, link = proposals_from(artifacts({"ams-pe": {"diff": DIFF, "error": ""}, "par-p": same}))
    assert list(ams.differs) == ["ams-pe"]
    assert "router isis CORE" in ams.differs["ams-pe"]
    assert "description" not in ams.differs["ams-pe"]
    assert (par.state, par.compared) == ("ready", True)
    assert "- description theirs" in link.differs["ams-pe"]
    assert "par-p" not in link.differs


def test_a_diff_without_hunks_counts_against_the_node_and_its_circuits() -> None:
    answer = {"diff": "+ /interface[name=ethernet-1/1]\n", "error": ""}
    ams, _par, link = proposals_from(artifacts({"ams-pe": answer, "par-p": {"diff": "", "error": ""}}))
    assert ams.differs == link.differs == {"ams-pe": "+ /interface[name=ethernet-1/1]"}


def test_a_router_that_did_not_answer_is_not_taken_for_equal() -> None:
    ams, *_ = proposals_from(artifacts({"ams-pe": {"diff": "", "error": "timed out"}}))
    assert (ams.state, ams.compared, ams.differs) == ("differs", False, {"ams-pe": "not compared: timed out"})


def test_nodes_come_first_and_a_circuit_only_with_its_nodes() -> None:
    assert chosen(proposals_from(artifacts())) == ["ams-pe", "par-p", "KPN-1"]
    few = proposals_from(artifacts())
    assert chosen(few, limit=2) == ["ams-pe", "par-p"]
    assert few[-1].state == "ready"
    alone = proposals_from(artifacts())
    assert chosen(alone, only="circuit") == []
    assert alone[-1].reasons == ["node: ams-pe and par-p is not adopted by this run. Adopt that first."]
    assert chosen(proposals_from(artifacts(adopted=[circuit()])), only="circuit") == ["KPN-1"]


def test_what_differs_is_taken_only_where_that_is_wanted() -> None:
    routers = {"ams-pe": {"diff": DIFF, "error": ""}, "par-p": {"diff": "", "error": ""}}
    found = proposals_from(artifacts(routers))
    assert chosen(found) == ["par-p"]
    assert found[-1].reasons
    assert chosen(proposals_from(artifacts(routers)), differing=True) == ["ams-pe", "par-p", "KPN-1"]


def test_the_report_counts_what_is_taken_and_what_is_not() -> None:
    found = proposals_from(artifacts({"ams-pe": {"diff": DIFF, "error": ""}, "par-p": {"diff": "", "error": ""}}))
    chosen(found)
    said = summary([one.model_dump() for one in found])
    assert said == "1 nodes and 0 circuits to adopt; 1 differ on a router (--differing); 1 cannot be."
