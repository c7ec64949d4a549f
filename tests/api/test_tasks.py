"""Tasks, and many orders at once."""

import signal
from typing import Any

import pytest

from tests.api.live_service import Service


@pytest.fixture(scope="module")
def nodes(service: Service) -> list[Any]:
    """Two active nodes, ordered together."""
    batch, orders = _batch(service, ["ams-pe", "par-p"])
    service.done({"id": batch})
    return [service.call("GET", f"/runs/{order['run']}", 200)["subscription"] for order in orders]


def _one(name: str, **more: Any) -> dict[str, Any]:
    address = f"172.21.{sum(name.encode()) % 250}.{len(name) + 1}/24"
    values = {"name": name, "site": "ams", "role": "pe", "management": address}
    return {"product": "node-frr", "customer": "noc", "input": values | more}


def _batch(service: Service, names: list[str], **more: Any) -> tuple[str, list[Any]]:
    answer = service.call("POST", "/subscriptions/batch", 202, json={"orders": [_one(name) for name in names]} | more)
    (batch,) = answer["batches"]
    return batch, answer["orders"]


def test_many_orders_are_one_run_and_each_is_reported(service: Service, nodes: list[Any]) -> None:
    assert [node["description"] for node in nodes] == ["Node ams-pe at ams", "Node par-p at ams"]
    assert {node["status"] for node in nodes} == {"active"}
    assert nodes[1]["block"]["netbox_id"] == 7
    (batch,) = service.call("GET", "/runs", 200, params={"target": "batch"})["items"]
    carried = service.call("GET", "/runs", 200, params={"parent": batch["id"]})["items"]
    assert {run["status"] for run in carried} == {"completed"}
    plan = service.call("GET", f"/runs/{carried[0]['id']}/plan", 200)
    assert len(plan["netbox"]) == 1
    assert len(service.call("GET", f"/runs/{batch['id']}/plan", 200)["netbox"]) == 2
    events = [event for event in service.events(carried[0]) if event["kind"] == "status"]
    assert [event["payload"]["status"] for event in events] == ["queued", "planning", "applying", "completed"]
    history = service.call("GET", f"/subscriptions/{nodes[0]['id']}/history", 200)["items"]
    assert history[-1]["made_by"] == batch["created_by"]
    # One by one afterwards.
    service.done(service.call("POST", f"/subscriptions/{nodes[0]['id']}/validate", 202))


def test_one_wrong_order_refuses_them_all_and_is_named(service: Service, nodes: list[Any]) -> None:
    body = {"orders": [_one("one-pe"), _one("Two"), _one("three-pe")]}
    problem = service.call("POST", "/subscriptions/batch", 422, json=body)
    assert problem["errors"][0]["field"] == "orders.1.input.name"
    problem = service.call("POST", "/subscriptions/batch", 409, json={"orders": [_one("one-pe"), _one("ams-pe")]})
    assert problem["detail"].startswith("orders.1: The node name ams-pe belongs to")
    problem = service.call("POST", "/subscriptions/batch", 409, json={"orders": [_one("one-pe"), _one("one-pe")]})
    assert problem["detail"].startswith("orders.1: The node name one-pe belongs to Node one-pe at ams (initial)")
    ends = {"a": {"node": "ams-pe", "interface": "eth1"}, "z": {"node": "par-p", "interface": "eth1"}}
    circuit = {"product": "core-circuit-10g", "customer": "noc", "input": ends}
    problem = service.call("POST", "/subscriptions/batch", 422, json={"orders": [_one("one-pe"), circuit]})
    assert "circuit_provision_many.yml" in problem["detail"]
    assert service.call("GET", "/subscriptions", 200, params={"q": "one-pe"})["items"] == []


def test_a_batch_that_fails_takes_all_back_and_each_order_goes_on_by_itself(service: Service) -> None:
    with service.trouble("fail-many"):
        batch, orders = _batch(service, ["mil-pe", "tur-pe"])
        run = service.wait_for({"id": batch}, "rolled-back")
    assert run["error"]["detail"] == "one of them refused"
    for order in orders:
        one = service.call("GET", f"/runs/{order['run']}", 200)
        assert (one["status"], one["subscription"]["status"]) == ("rolled-back", "initial")
        assert one["error"]["detail"] == "one of them refused"
        assert not service.thing(order["subscription"]).exists()
    assert "parent" in service.call("POST", f"/runs/{batch}/retry", 409)["detail"]
    again = service.done(service.call("POST", f"/runs/{orders[0]['run']}/retry", 202))
    assert again["subscription"]["status"] == "active"
    service.done(service.call("DELETE", f"/subscriptions/{orders[1]['subscription']['id']}", 202))


def test_a_batch_is_approved_or_cancelled_as_a_whole(service: Service) -> None:
    batch, orders = _batch(service, ["gen-pe", "bas-pe"], approval="manual")
    service.wait_for({"id": batch}, "awaiting-approval")
    problem = service.call("POST", f"/runs/{orders[0]['run']}/approve", 409)
    assert problem["run"] == batch
    service.call("POST", f"/runs/{batch}/cancel", 202)
    for order in orders:
        assert service.call("GET", f"/runs/{order['run']}", 200)["status"] == "cancelled"
        service.done(service.call("DELETE", f"/subscriptions/{order['subscription']['id']}", 202))
    batch, orders = _batch(service, ["gen-pe", "bas-pe"], approval="manual")
    service.wait_for({"id": batch}, "awaiting-approval")
    service.call("POST", f"/runs/{batch}/approve", 202)
    service.done({"id": batch})
    assert service.call("GET", f"/runs/{orders[1]['run']}", 200)["approved_by"] == "tests"


def test_a_batch_whose_worker_dies_is_ended_by_the_next(service: Service) -> None:
    with service.trouble("hold"):
        batch, orders = _batch(service, ["ber-pe", "bon-pe"])
        service.until_held({"id": batch})
        service.stop(signal.SIGKILL)
    service.start()
    service.done({"id": batch})
    for order in orders:
        assert service.call("GET", f"/runs/{order['run']}", 200)["subscription"]["status"] == "active"


def test_the_same_key_and_batch_is_the_same_runs(service: Service) -> None:
    headers = {"Idempotency-Key": "batch-1"}
    body = {"orders": [_one("key-a"), _one("key-b")]}
    first = service.call("POST", "/subscriptions/batch", 202, json=body, headers=headers)
    assert service.call("POST", "/subscriptions/batch", 202, json=body, headers=headers) == first
    service.done({"id": first["batches"][0]})


def test_ports_of_a_node_are_synced_under_its_lock(service: Service, nodes: list[Any]) -> None:
    with service.trouble("hold"):
        run = service.call("POST", "/tasks/sync-ports", 202, json={"input": {"node": "ams-pe"}})
        assert (run["target"], run["task"]) == ("task", "sync-ports")
        assert service.call("DELETE", f"/subscriptions/{nodes[0]['id']}", 409)["run"] == run["id"]
    run = service.done(run)
    assert run["subscription"]["status"] == "active"
    assert (service.network / f"{nodes[0]['id']}-ports").exists()
    run = service.done(
        service.call("POST", "/tasks/sync-ports", 202, json={"input": {"node": nodes[0]["id"]}, "plan_only": True})
    )
    assert service.call("GET", f"/runs/{run['id']}/plan", 200)["netbox"] == []
    problem = service.call("POST", "/tasks/sync-ports", 422, json={"input": {"node": "nobody"}})
    assert problem["errors"][0]["field"] == "input.node"


def test_everything_is_validated_and_each_is_reported(service: Service, nodes: list[Any]) -> None:
    service.thing(nodes[0]).write_text("somebody was here\n")
    run = service.done(service.call("POST", "/tasks/validate-all", 202, json={"input": {"product": "node-frr"}}))
    living = service.call("GET", "/subscriptions", 200, params={"status": "active", "limit": 200})["items"]
    validations = service.call("GET", "/runs", 200, params={"parent": run["id"], "limit": 200})["items"]
    assert {item["subscription"]["id"] for item in validations} == {item["id"] for item in living}
    for item in validations:
        ended = service.done(item)
        assert ended["drift"] is (item["subscription"]["id"] == nodes[0]["id"])


def test_an_unknown_task_or_wrong_input_is_refused(service: Service) -> None:
    assert "bootstrap-netbox" in service.call("POST", "/tasks/none", 404)["detail"]
    problem = service.call("POST", "/tasks/bootstrap-netbox", 422, json={"input": {"pools": "x"}})
    assert {"input.pools", "input.sites", "input.isis"} <= {error["field"] for error in problem["errors"]}
    names = [item["name"] for item in service.call("GET", "/tasks", 200)]
    assert names == ["bootstrap-netbox", "sync-ports", "adopt", "validate-all", "resync-drifted"]
