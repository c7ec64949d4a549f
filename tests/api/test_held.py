"""Runs that are held after a failed apply: what was done is kept, and a person rolls back, retries or gives up."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.live_service import Service


@pytest.fixture(scope="module", autouse=True)
def hold(service: Service) -> Iterator[None]:
    """Whatever fails is held."""
    with service.policy("hold", on_failure="hold"):
        yield


def test_a_held_run_keeps_what_was_done_and_locks_its_subscription(service: Service) -> None:
    with service.trouble("fail-apply-pe"):
        run = service.wait_for(service.order_node("ams-pe"), "held")
    assert run["error"]["detail"] == "router isis refused for role pe"
    assert run["finished_at"] is None
    assert (run["subscription"]["status"], run["subscription"]["insync"]) == ("provisioning", False)
    assert service.thing(run["subscription"]).exists()
    problem = service.call("DELETE", f"/subscriptions/{run['subscription']['id']}", 409)
    assert (problem["run"], problem["run_status"]) == (run["id"], "held")
    service.call("POST", f"/runs/{run['id']}/approve", 409)
    service.call("POST", f"/runs/{run['id']}/rollback", 202)
    run = service.wait_for(run, "rolled-back")
    assert run["subscription"]["status"] == "initial"
    assert not service.thing(run["subscription"]).exists()


def test_a_held_run_is_retried_in_itself(service: Service) -> None:
    with service.trouble("fail-apply-pe"):
        run = service.wait_for(service.order_node("par-pe"), "held")
    again = service.call("POST", f"/runs/{run['id']}/retry", 202)
    assert (again["id"], again["status"], again["error"]) == (run["id"], "applying", None)
    run = service.done(run)
    assert (run["subscription"]["status"], run["subscription"]["insync"]) == ("active", True)


def test_a_held_run_that_is_given_up_leaves_what_can_be_repaired(service: Service) -> None:
    with service.trouble("fail-apply-pe"):
        run = service.wait_for(service.order_node("lon-pe"), "held")
    run = service.call("POST", f"/runs/{run['id']}/cancel", 202, json={"reason": "a person does the rest"})
    assert run["status"] == "failed"
    assert "Given up by tests: a person does the rest" in run["error"]["detail"]
    assert (run["subscription"]["status"], run["subscription"]["insync"]) == ("provisioning", False)
    assert service.thing(run["subscription"]).exists()
    run = service.done(service.call("POST", f"/subscriptions/{run['subscription']['id']}/resync", 202))
    assert run["subscription"]["status"] == "active"


def test_a_held_run_without_previous_values_is_retried_or_given_up(service: Service) -> None:
    node = service.done(service.order_node("rom-pe"))["subscription"]
    service.thing(node).write_text("somebody was here\n")
    with service.trouble("fail-apply-pe"):
        run = service.wait_for(service.call("POST", f"/subscriptions/{node['id']}/resync", 202), "held")
        problem = service.call("POST", f"/runs/{run['id']}/rollback", 409)
    assert "retry it, or cancel it" in problem["detail"]
    assert service.done(service.call("POST", f"/runs/{run['id']}/retry", 202))["subscription"]["insync"]


def test_a_batch_is_held_and_goes_on_as_a_whole(service: Service) -> None:
    orders = [_order("mil-pe", 1), _order("tur-pe", 2)]
    with service.trouble("fail-many"):
        answer = service.call("POST", "/subscriptions/batch", 202, json={"orders": orders})
        (batch,) = answer["batches"]
        service.wait_for({"id": batch}, "held")
    one = answer["orders"][0]["run"]
    assert service.call("GET", f"/runs/{one}", 200)["status"] == "held"
    for what in ("retry", "rollback", "cancel"):
        assert service.call("POST", f"/runs/{one}/{what}", 409)["run"] == batch
    service.call("POST", f"/runs/{batch}/retry", 202)
    service.done({"id": batch})
    assert service.call("GET", f"/runs/{one}", 200)["subscription"]["status"] == "active"


def _order(name: str, number: int) -> dict[str, Any]:
    values = {"name": name, "site": "ams", "role": "pe", "management": f"172.22.0.{number}/24"}
    return {"product": "node-frr", "customer": "noc", "input": values}
