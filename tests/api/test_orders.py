"""Orders that go well, from the request to the network and back."""

from typing import Any

import pytest

from tests.api.live_service import SECRET, Service

LAUNCHERS = ["local", "awx"]


@pytest.fixture(scope="module")
def nodes(service: Service) -> dict[str, dict[str, str]]:
    """Two active nodes."""
    runs = {name: service.order_node(name) for name in ("ams-pe", "par-p")}
    return {name: service.done(run)["subscription"] for name, run in runs.items()}


def test_a_node_becomes_active_with_what_was_learned(service: Service) -> None:
    run = service.order_node("lon-pe")
    assert run["target"] == "create"
    assert run["status"] == "queued"
    assert run["created_by"] == "tests"
    run = service.done(run)
    subscription = run["subscription"]
    assert subscription["status"] == "active"
    assert subscription["insync"]
    assert subscription["start_date"]
    assert subscription["description"] == "Node lon-pe at ams"
    assert subscription["block"]["netbox_id"] == 7
    assert subscription["block"]["loopback_ipv4"] == "10.0.127.2/32"
    assert service.thing(subscription).read_text() == "lon-pe ams pe\n"
    events = list(service.events(run))
    statuses = [event["payload"]["status"] for event in events if event["kind"] == "status"]
    assert statuses == ["queued", "planning", "applying", "verifying", "completed"]
    steps = {(step["stage"], step["name"]): step for step in run["steps"]}
    assert steps["apply", "Document the node"]["status"] == "changed"
    assert all(step["finished_at"] for step in run["steps"])
    plan = service.call("GET", f"/runs/{run['id']}/plan", 200)
    assert plan["devices"] == {"lon-pe": "+hostname lon-pe"}
    assert plan["netbox"][0]["type"] == "dcim.device"


def test_a_circuit_holds_its_nodes_until_it_is_gone(service: Service, nodes: dict[str, dict[str, str]]) -> None:
    # One end by name, the other by the node's subscription.
    run = service.order_circuit("ams-pe:eth1", f"{nodes['par-p']['id']}:eth2")
    circuit = service.done(run)["subscription"]
    assert circuit["description"] == "Core circuit ams-pe:eth1 - par-p:eth2"
    assert circuit["block"]["z"]["node"] == "par-p"
    assert circuit["block"]["z"]["ipv4"] == "10.0.1.1/31"
    assert service.thing(circuit).read_text() == "ams-pe par-p 10 10000\n"
    _no_secret_and_no_file_stays(service, run)

    depends_on = service.call("GET", f"/subscriptions/{circuit['id']}/depends-on", 200)
    assert [(item["path"], item["subscription"]["description"]) for item in depends_on] == [
        ("a.node", "Node ams-pe at ams"),
        ("z.node", "Node par-p at ams"),
    ]
    users = service.call("GET", f"/subscriptions/{nodes['par-p']['id']}/in-use-by", 200)
    assert [item["subscription"]["id"] for item in users] == [circuit["id"]]

    problem = service.call("DELETE", f"/subscriptions/{nodes['par-p']['id']}", 409)
    assert problem["type"] == "urn:trunkline:problem:in-use"
    assert problem["in_use_by"][0]["id"] == circuit["id"]
    assert "terminate that first" in problem["detail"]

    ended = service.done(service.call("DELETE", f"/subscriptions/{circuit['id']}", 202))["subscription"]
    assert ended["status"] == "terminated"
    assert ended["end_date"]
    assert not service.thing(circuit).exists()
    service.done(service.call("DELETE", f"/subscriptions/{nodes['par-p']['id']}", 202))
    # Its name and address are free again.
    service.done(service.order_node("par-p"))


def test_modify_validate_and_resync(service: Service, nodes: dict[str, dict[str, str]]) -> None:
    node, path = nodes["ams-pe"], f"/subscriptions/{nodes['ams-pe']['id']}"
    changed = service.done(service.call("PATCH", path, 202, json={"input": {"role": "p"}}))["subscription"]
    assert changed["block"]["role"] == "p"
    assert changed["block"]["netbox_id"] == 7
    assert service.thing(node).read_text() == "ams-pe ams p\n"

    run = service.done(service.call("POST", f"{path}/validate", 202))
    assert run["drift"] is False
    assert run["subscription"]["insync"]
    service.thing(node).write_text("somebody was here\n")
    run = service.done(service.call("POST", f"{path}/validate", 202))
    assert run["drift"] is True
    assert not run["subscription"]["insync"]
    assert service.thing(node).read_text() == "somebody was here\n"

    assert service.done(service.call("POST", f"{path}/resync", 202))["subscription"]["insync"]
    assert service.thing(node).read_text() == "ams-pe ams p\n"


@pytest.mark.local_launcher
def test_a_completed_modify_can_be_rolled_back(service: Service, nodes: dict[str, dict[str, str]]) -> None:
    path = f"/subscriptions/{nodes['ams-pe']['id']}"
    before = service.call("GET", path, 200)["block"]["site"]
    run = service.done(service.call("PATCH", path, 202, json={"input": {"site": "lon"}}))
    undone = service.done(service.call("POST", f"/runs/{run['id']}/rollback", 202))
    assert undone["target"] == "modify"
    assert undone["subscription"]["block"]["site"] == before
    assert f" {before} " in service.thing(nodes["ams-pe"]).read_text()


@pytest.mark.local_launcher
def test_a_manual_order_waits_for_its_approval(service: Service) -> None:
    run = service.wait_for(service.order_node("rom-pe", approval="manual"), "awaiting-approval")
    assert not service.thing(run["subscription"]).exists()
    service.call("POST", f"/runs/{run['id']}/approve", 409, json={"digest": "of another plan"})
    service.call("POST", f"/runs/{run['id']}/retry", 409)
    digest = service.call("GET", f"/runs/{run['id']}/plan", 200)["digest"]
    service.call("POST", f"/runs/{run['id']}/approve", 202, json={"digest": digest})
    run = service.done(run)
    assert run["approved_by"] == "tests"
    service.call("POST", f"/runs/{run['id']}/approve", 409)
    service.call("POST", f"/runs/{run['id']}/cancel", 409)


@pytest.mark.local_launcher
def test_an_order_that_was_not_approved_leaves_nothing_and_can_be_withdrawn(service: Service) -> None:
    run = service.wait_for(service.order_node("mil-pe", approval="manual"), "awaiting-approval")
    cancelled = service.call("POST", f"/runs/{run['id']}/cancel", 202)
    assert cancelled["status"] == "cancelled"
    assert cancelled["subscription"]["status"] == "initial"
    run = service.done(service.call("DELETE", f"/subscriptions/{run['subscription']['id']}", 202))
    # Nothing was there, so no playbook had to run.
    assert run["subscription"]["status"] == "terminated"
    assert run["steps"] == []


def _no_secret_and_no_file_stays(service: Service, run: Any) -> None:
    everything = service.client.get(f"/runs/{run['id']}/events").text
    assert "token is ********" in everything
    assert "no_log: true" in everything
    for secret in (SECRET, SECRET.split(".")[1], "hidden ams-pe"):
        assert secret not in everything
        assert secret not in service.log.read_text()
    assert service.run_directories() == []
