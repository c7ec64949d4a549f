"""Runs that go wrong: what stays, what is put back, what is said, and how to go on."""

from contextlib import ExitStack
from typing import Any

import pytest

from tests.api.live_service import Service

LAUNCHERS = ["local", "awx"]


@pytest.fixture(scope="module")
def nodes(service: Service) -> list[Any]:
    """Two active nodes."""
    runs = [service.order_node(name) for name in ("ams-pe", "par-p")]
    return [service.done(run)["subscription"] for run in runs]


@pytest.mark.local_launcher
def test_a_failed_plan_changes_nothing_and_is_retried(service: Service) -> None:
    with service.trouble("fail-plan"):
        run = service.wait_for(service.order_node("rom-pe"), "failed")
    assert run["error"] == {
        "title": "Task failed",
        "detail": "site ams does not exist: create it in NetBox first",
        "host": "localhost",
        "task": "Configure the node",
    }
    assert run["subscription"]["status"] == "initial"
    assert not service.thing(run["subscription"]).exists()
    assert {step["stage"] for step in run["steps"]} == {"plan"}
    again = service.call("POST", f"/runs/{run['id']}/retry", 202)
    assert again["retry_of"] == run["id"]
    assert service.done(again)["subscription"]["status"] == "active"
    # What came after it is what counts now.
    assert service.call("POST", f"/runs/{run['id']}/retry", 409)["run"] == again["id"]


@pytest.mark.local_launcher
def test_a_plan_that_gets_no_answer_is_begun_again_for_a_while(service: Service) -> None:
    with service.trouble("away"):
        run, late = service.order_node("tur-pe"), service.order_node("bas-pe")
        for each in (run, late):
            message = next(
                event["payload"]["message"]
                for event in service.events(each)
                if event["kind"] == "status" and "message" in event["payload"]
            )
            assert message.startswith("The plan is begun again in ")
        service.sql(f"UPDATE runs SET away_since = now() - interval '1 hour' WHERE id = '{late['id']}'")
        failed = service.wait_for(late, "failed")
    assert failed["error"]["detail"] == "NetBox does not answer"
    assert failed["subscription"]["status"] == "initial"
    assert service.done(run)["subscription"]["status"] == "active"


@pytest.mark.local_launcher
def test_a_rollback_that_gets_no_answer_is_begun_again_until_there_is_one(service: Service) -> None:
    with service.trouble("fail-apply-pe"), ExitStack() as away:
        with service.trouble("hold"):
            run = service.order_node("pis-pe")
            service.until_held(run)
            away.enter_context(service.trouble("away"))
        for event in service.events(run):
            if event["payload"].get("message", "").startswith("The rollback is begun again in "):
                break
        assert service.thing(run["subscription"]).exists()
        away.close()
        ended = service.wait_for(run, "rolled-back")
    assert ended["error"]["detail"] == "router isis refused for role pe"
    assert ended["subscription"]["status"] == "initial"
    assert not service.thing(run["subscription"]).exists()


def test_a_failed_create_is_rolled_back_and_retried(service: Service) -> None:
    with service.trouble("fail-apply-pe"):
        run = service.wait_for(service.order_node("lon-pe"), "rolled-back")
    assert run["error"]["detail"] == "router isis refused for role pe"
    assert run["error"]["task"] == "Configure the node"
    subscription = run["subscription"]
    assert subscription["status"] == "initial"
    assert "netbox_id" not in subscription["block"]
    assert not service.thing(subscription).exists()
    statuses = [event["payload"]["status"] for event in service.events(run) if event["kind"] == "status"]
    assert statuses == ["queued", "planning", "applying", "rolling-back", "rolled-back"]
    # Its name stays its own until it is retried or terminated.
    assert service.order_node("lon-pe", expect=409)["subscription"] == subscription["id"]
    again = service.done(service.call("POST", f"/runs/{run['id']}/retry", 202))
    assert again["subscription"]["id"] == subscription["id"]
    assert again["subscription"]["status"] == "active"


@pytest.mark.local_launcher
def test_a_failed_rollback_is_said_and_the_subscription_can_still_be_terminated(service: Service) -> None:
    with service.trouble("fail-apply-pe"), service.trouble("fail-terminate"):
        run = service.wait_for(service.order_node("mil-pe"), "failed")
        assert "refused for role pe" in run["error"]["detail"]
        assert "Rolling back failed as well: the router does not let go" in run["error"]["detail"]
        assert run["subscription"]["status"] == "provisioning"
        assert not run["subscription"]["insync"]
    ended = service.done(service.call("DELETE", f"/subscriptions/{run['subscription']['id']}", 202))
    assert ended["subscription"]["status"] == "terminated"


def test_a_failed_rollback_can_be_tried_again(service: Service) -> None:
    with service.trouble("fail-apply-pe"), service.trouble("fail-terminate"):
        run = service.wait_for(service.order_node("nap-pe"), "failed")
    run = service.wait_for(service.call("POST", f"/runs/{run['id']}/rollback", 202), "rolled-back")
    assert run["subscription"]["status"] == "initial"


@pytest.mark.local_launcher
def test_a_failed_modify_puts_the_previous_values_back(service: Service, nodes: list[Any]) -> None:
    path = f"/subscriptions/{nodes[0]['id']}"
    with service.trouble("fail-apply-p"):
        run = service.wait_for(service.call("PATCH", path, 202, json={"input": {"role": "p"}}), "rolled-back")
    assert run["subscription"]["status"] == "active"
    assert run["subscription"]["insync"]
    assert run["subscription"]["block"] == nodes[0]["block"]
    assert service.thing(nodes[0]).read_text() == "ams-pe ams pe\n"


def test_a_router_that_does_not_answer_is_named_with_the_remedy(service: Service, nodes: list[Any]) -> None:
    with service.trouble("cut-off"):
        run = service.wait_for(service.order_circuit("ams-pe:eth1", "par-p:eth1"), "rolled-back")
    assert run["error"]["title"] == "Host not reachable"
    assert run["error"]["host"] == "par-p"
    assert "Check that it runs" in run["error"]["detail"]
    # Nothing was left, so nobody is in the way of the nodes once the order is withdrawn.
    service.done(service.call("DELETE", f"/subscriptions/{run['subscription']['id']}", 202))
    assert service.call("GET", f"/subscriptions/{nodes[1]['id']}/in-use-by", 200) == []


def test_a_cancelled_apply_is_rolled_back(service: Service) -> None:
    with service.trouble("hold"):
        run = service.order_node("gen-pe")
        service.until_held(run)
        answer = service.call("POST", f"/runs/{run['id']}/cancel", 202)
        assert answer["cancel_requested_by"] == "tests"
        run = service.wait_for(run, "rolled-back")
    assert run["error"]["detail"] == "Cancelled by tests while it was being applied."
    assert run["subscription"]["status"] == "initial"
    assert not service.thing(run["subscription"]).exists()
    service.call("POST", f"/runs/{run['id']}/cancel", 409)


def test_a_cancelled_rollback_stops_half_way_and_can_be_repaired(service: Service) -> None:
    with service.trouble("fail-apply-pe"), service.trouble("hold-terminate"):
        run = service.order_node("ver-pe")
        service.until_held(run, "rollback")
        service.call("POST", f"/runs/{run['id']}/cancel", 202, json={"reason": "the router is on fire"})
        run = service.wait_for(run, "failed")
    assert "refused for role pe The rollback was stopped by tests: the router is on fire" in run["error"]["detail"]
    assert (run["subscription"]["status"], run["subscription"]["insync"]) == ("provisioning", False)
    run = service.wait_for(service.call("POST", f"/runs/{run['id']}/rollback", 202), "rolled-back")
    assert run["cancel_requested_by"] is None
    service.done(service.call("POST", f"/subscriptions/{run['subscription']['id']}/resync", 202))
