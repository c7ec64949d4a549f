"""Reports: the order book learns what a playbook has done that was run directly."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.api.live_service import Service

NODE = {"site": "ams", "role": "pe", "vendor": "FRR", "device_type": "frr-router", "platform": "frr"}


def node(name: str, **more: Any) -> dict[str, Any]:
    """A report of a node, as node_provision.yml sends it."""
    number = sum(name.encode()) % 200 + 1
    learned = {
        "netbox_id": number,
        "loopback_ipv4": f"10.0.127.{number}/32",
        "loopback_ipv6": f"fc00:0:0:127::{number}/128",
    }
    block = {"name": name, "management": f"10.1.{number}.{len(name)}/24", **NODE, **learned}
    return {"product": "node-frr", "customer": "noc", "status": "active", "by": "alice@bastion", "block": block, **more}


def circuit(a: str, z: str, **more: Any) -> dict[str, Any]:
    """A report of a circuit, as circuit_provision.yml sends it."""
    ends = {
        side: {
            "node": name,
            "interface": "eth1",
            "ipv4": f"10.0.1.{host}/31",
            "ipv6": f"fc00:0:1::{host}/127",
            "netbox_interface_id": 7 + host,
        }
        for host, (side, name) in enumerate((("a", a), ("z", z)))
    }
    given = {"isis_metric": 10, "under_maintenance": False, "speed_mbps": 10000, "netbox_id": 9, "cid": f"{a}-{z}"}
    block = {**ends, **given, **more}
    return {"product": "core-circuit-10g", "customer": "noc", "status": "active", "block": block}


def put(service: Service, subscription: str, report: dict[str, Any], expect: int = 200) -> Any:
    return service.call("PUT", f"/reports/{subscription}", expect, json=report)


def history(service: Service, subscription: str) -> list[tuple[str, str]]:
    runs = service.call("GET", "/runs", 200, params={"subscription": subscription, "sort": "created_at"})["items"]
    return [(run["target"], run["status"]) for run in runs]


def test_what_was_done_directly_is_a_subscription_like_any_other(service: Service) -> None:
    identity = str(uuid.uuid4())
    made = put(service, identity, node("direct-a"))
    assert made["changed"]
    there = service.call("GET", f"/subscriptions/{identity}", 200)
    assert (there["status"], there["insync"], there["description"]) == ("active", True, "Node direct-a at ams")
    assert there["block"]["loopback_ipv4"].startswith("10.0.127.")
    assert "vendor" not in there["block"]
    run = service.call("GET", f"/runs/{made['run']}", 200)
    assert (run["target"], run["status"], run["created_by"]) == ("create", "completed", "tests")
    notes = [
        event["payload"].get("message") for event in service.call("GET", f"/runs/{run['id']}/events", 200)["items"]
    ]
    assert any("alice@bastion" in str(note) for note in notes)
    # And the service goes on from there.
    service.done(service.call("POST", f"/subscriptions/{identity}/validate", 202))


def test_the_same_report_again_changes_nothing(service: Service) -> None:
    identity = str(uuid.uuid4())
    put(service, identity, node("twice"))
    again = put(service, identity, node("twice"))
    assert (again["changed"], again["run"]) == (False, None)
    assert history(service, identity) == [("create", "completed")]


def test_a_changed_report_is_a_modify_and_its_history_is_kept(service: Service) -> None:
    identity = str(uuid.uuid4())
    put(service, identity, node("moved"))
    report = node("moved")
    report["block"]["site"] = "par"
    put(service, identity, report)
    assert history(service, identity) == [("create", "completed"), ("modify", "completed")]
    changes = service.call("GET", f"/subscriptions/{identity}/history", 200)["items"]
    assert changes[0]["after"]["block"]["site"] == "par"
    assert changes[0]["before"]["block"]["site"] == "ams"
    assert changes[0]["run"] is not None


def test_a_circuit_is_bound_to_its_nodes_and_all_of_it_ends_in_order(service: Service) -> None:
    a, z, link = (str(uuid.uuid4()) for _ in range(3))
    refused = put(service, link, circuit("end-a", "end-z"), 422)
    assert "end-a" in refused["detail"]
    put(service, a, node("end-a"))
    put(service, z, node("end-z"))
    put(service, link, circuit("end-a", "end-z"))
    assert "end-a" in put(service, a, {"status": "terminated"}, 409)["detail"]
    put(service, link, {"status": "terminated"})
    put(service, a, {"status": "terminated"})
    assert not put(service, a, {"status": "terminated"})["changed"]
    assert service.call("GET", f"/subscriptions/{a}", 200)["status"] == "terminated"
    # What it held is free again, and its own id is not.
    put(service, str(uuid.uuid4()), node("end-a"))
    assert put(service, a, node("end-a"), 409)["type"].endswith("illegal-transition")


def test_what_another_subscription_holds_is_refused(service: Service) -> None:
    first = str(uuid.uuid4())
    put(service, first, node("held"))
    refused = put(service, str(uuid.uuid4()), node("held"), 409)
    assert (refused["type"].rpartition(":")[2], refused["subscription"]) == ("duplicate", first)


def test_a_report_is_refused_while_a_run_of_the_service_holds_the_subscription(service: Service) -> None:
    run = service.done(service.order_node("busy"))
    identity = run["subscription"]["id"]
    waiting = service.call(
        "PATCH", f"/subscriptions/{identity}", 202, json={"input": {"site": "par"}, "approval": "manual"}
    )
    service.wait_for(waiting, "awaiting-approval")
    refused = put(service, identity, node("busy"), 409)
    assert refused["type"].endswith("locked")
    assert waiting["id"] in refused["detail"]
    assert "busy" in put(service, identity, {"status": "terminated"}, 409)["detail"]
    service.call("POST", f"/runs/{waiting['id']}/cancel", 202)


def test_wrong_reports_name_their_field(service: Service) -> None:
    identity = str(uuid.uuid4())
    lacking = node("wrong")
    del lacking["block"]["loopback_ipv4"]
    assert "loopback_ipv4" in put(service, identity, lacking, 422)["detail"]
    other = node("wrong")
    other["block"]["platform"] = "ios"
    assert "block.platform" in put(service, identity, other, 422)["detail"]
    assert "product" in put(service, identity, node("wrong", product="nothing"), 422)["detail"]
    assert "customer" in put(service, identity, node("wrong", customer="nobody"), 422)["detail"]
    assert "nothing to terminate" in put(service, identity, {"status": "terminated"}, 404)["detail"]
    put(service, identity, node("wrong"))
    assert "not a core-circuit-10g" in put(service, identity, circuit("wrong", "held"), 409)["detail"]


def test_the_same_first_report_sent_twice_at_once_makes_one_subscription(service: Service) -> None:
    identity = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: put(service, identity, node("racing")), range(8)))
    assert [answer["changed"] for answer in answers].count(True) == 1
    assert history(service, identity) == [("create", "completed")]
