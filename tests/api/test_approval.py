"""Approval: by policy, of a plan that has changed, in time or too late, and its refusal."""

import json
import signal
from typing import Any

import pytest

from tests.api.live_service import Service


@pytest.fixture(scope="module")
def node(service: Service) -> Any:
    """An active node."""
    return service.done(service.order_node("ams-pe"))["subscription"]


def _payloads(service: Service, run: Any) -> list[dict[str, Any]]:
    items = service.call("GET", f"/runs/{run['id']}/events", 200)["items"]
    return [item["payload"] for item in items if item["kind"] in ("status", "note")]


def test_policies_are_set_changed_listed_and_removed(service: Service) -> None:
    rule = {"products": ["node-frr"], "min_lines": 3, "approval": "manual", "notify": ["noc@example.org"]}
    response = service.client.put("/policies/nodes", json=rule)
    assert (response.status_code, response.headers["Location"]) == (201, "/api/v1/policies/nodes")
    assert response.json() | rule == response.json()
    first = response.headers["ETag"]
    changed = service.call("PUT", "/policies/nodes", 200, json={"on_failure": "hold"}, headers={"If-Match": first})
    assert (changed["products"], changed["approval"], changed["on_failure"]) == ([], "auto", "hold")
    service.call("PUT", "/policies/nodes", 412, json=rule, headers={"If-Match": first})
    service.call("DELETE", "/policies/nodes", 412, headers={"If-Match": first})
    assert service.call("GET", "/policies", 200, params={"fields": "name"})["items"] == [{"name": "nodes"}]
    service.call("DELETE", "/policies/nodes", 204)
    service.call("GET", "/policies/nodes", 404)
    service.call("PUT", "/policies/nodes", 404, json=rule, headers={"If-Match": first})


@pytest.mark.parametrize(
    ("rule", "field", "says"),
    [
        ({"products": ["node-ffr"]}, "products", "there is no product 'node-ffr'"),
        ({"customers": ["nobody"]}, "customers", "there is no customer 'nobody'"),
        ({"approval": "never"}, "approval", "'auto' or 'manual'"),
        ({"min_lines": 0}, "min_lines", "greater than"),
        ({"escalate_to": ["x"]}, "escalate_to", "give escalate_after_s as well"),
        ({"escalate_after_s": 9, "expire_after_s": 9}, "expire_after_s", "must be more than escalate_after_s"),
    ],
)
def test_a_rule_that_would_never_do_what_it_says_is_refused(
    service: Service, rule: dict[str, Any], field: str, says: str
) -> None:
    problem = service.call("PUT", "/policies/wrong", 422, json=rule)
    assert says in {error["field"]: error["message"] for error in problem["errors"]}[field]


def test_a_policy_makes_an_automatic_order_wait_and_a_smaller_plan_pass(service: Service) -> None:
    nodes = {"targets": ["create"], "customers": ["noc"], "min_devices": 1, "approval": "manual", "notify": ["noc"]}
    with service.policy("nodes", **nodes), service.policy("large", min_devices=2, on_failure="hold"):
        run = service.wait_for(service.order_node("lon-pe"), "awaiting-approval")
    assert run["approval"] == "auto"
    decision = run["decision"]
    assert (decision["approval"], decision["policies"], decision["on_failure"]) == ("manual", ["nodes"], "rollback")
    assert (run["expires_at"], run["escalates_at"]) == (None, None)
    assert _payloads(service, run)[-1] == {"status": "awaiting-approval", "notify": ["noc"]}
    assert service.call("GET", f"/runs/{run['id']}/plan", 200)["size"] == {"operations": 1, "devices": 1, "lines": 1}
    service.call("POST", f"/runs/{run['id']}/approve", 202)
    run = service.done(run)
    path = f"/subscriptions/{run['subscription']['id']}"
    with service.policy("nodes", **nodes):
        assert service.done(service.call("DELETE", path, 202))["decision"]["policies"] == []


def test_a_plan_that_changed_since_its_approval_waits_again_with_both_plans(service: Service, node: Any) -> None:
    path = f"/subscriptions/{node['id']}"
    run = service.call("PATCH", path, 202, json={"input": {"role": "p"}, "approval": "manual"})
    run = service.wait_for(run, "awaiting-approval")
    looked_at = service.call("GET", f"/runs/{run['id']}/plan", 200)
    assert looked_at["previous"] is None
    # Somebody else does it by hand: nothing is left to do.
    service.thing(node).write_text("ams-pe ams p\n")
    service.call("POST", f"/runs/{run['id']}/approve", 202, json={"digest": looked_at["digest"]})
    waited = list(_until_waiting_twice(service, run))
    assert "no longer the one that tests approved" in waited[-1]["payload"]["message"]
    run = service.call("GET", f"/runs/{run['id']}", 200)
    assert (run["status"], run["approved_by"]) == ("awaiting-approval", None)
    plan = service.call("GET", f"/runs/{run['id']}/plan", 200)
    assert (plan["netbox"], plan["devices"]) == ([], {})
    assert plan["previous"] == {key: value for key, value in looked_at.items() if key != "previous"}
    client = {"TRUNKLINE_URL": f"http://127.0.0.1:{service.port}", "TRUNKLINE_TOKEN": service.token}
    service.environment |= client
    shown = service.run("runs", "show", run["id"], "--plan").stdout
    assert "Nothing would change." in shown
    assert "+hostname ams-pe" in shown.partition("It has changed since it was approved. Before:")[2]
    service.call("POST", f"/runs/{run['id']}/approve", 409, json={"digest": looked_at["digest"]})
    followed = service.run("runs", "approve", run["id"], "--json")
    assert json.loads(followed.stdout)["status"] == "completed"
    assert service.call("GET", path, 200)["block"]["role"] == "p"


def _until_waiting_twice(service: Service, run: Any) -> Any:
    seen = 0
    for event in service.events(run):
        yield event
        seen += event["payload"].get("status") == "awaiting-approval"
        if seen == 2:
            return


def test_a_rejected_plan_ends_with_the_reason(service: Service, node: Any) -> None:
    path = f"/subscriptions/{node['id']}"
    run = service.call("PATCH", path, 202, json={"input": {"site": "lon"}, "approval": "manual"})
    service.wait_for(run, "awaiting-approval")
    service.call("POST", f"/runs/{run['id']}/reject", 422, json={"reason": " "})
    answer = service.call("POST", f"/runs/{run['id']}/reject", 202, json={"reason": "not in working hours"})
    assert (answer["status"], answer["cancel_reason"]) == ("cancelled", "not in working hours")
    assert answer["error"]["title"] == "Rejected"
    assert answer["error"]["detail"] == "Rejected by tests: not in working hours"
    assert answer["subscription"]["block"]["site"] == "ams"
    service.call("POST", f"/runs/{run['id']}/reject", 409, json={"reason": "once more"})
    service.call("POST", f"/runs/{run['id']}/approve", 409)


def test_an_approval_is_passed_on_and_given_up_although_the_service_died_meanwhile(service: Service, node: Any) -> None:
    times = {"escalate_after_s": 1, "escalate_to": ["boss"], "expire_after_s": 2}
    with service.policy("slow", targets=["modify"], approval="manual", notify=["noc"], **times):
        run = service.call("PATCH", f"/subscriptions/{node['id']}", 202, json={"input": {"site": "lon"}})
        run = service.wait_for(run, "awaiting-approval")
        assert run["expires_at"] > run["escalates_at"]
        service.stop(signal.SIGKILL)
        service.start()
    run = service.wait_for(run, "cancelled")
    assert run["error"]["title"] == "Approval timed out"
    assert "within 2 s (policy slow)" in run["error"]["detail"]
    assert run["expires_at"] is None
    service.done(service.call("POST", f"/subscriptions/{node['id']}/validate", 202))


def test_an_approval_that_is_passed_on_can_still_be_given(service: Service, node: Any) -> None:
    with service.policy("slow", approval="manual", escalate_after_s=1, escalate_to=["boss"]):
        run = service.call("PATCH", f"/subscriptions/{node['id']}", 202, json={"input": {"site": "par"}})
        for event in service.events(run):
            if event["payload"].get("escalated"):
                break
        assert event["payload"]["notify"] == ["boss"]
        assert event["payload"]["message"].endswith("passed on to boss.")
        service.call("POST", f"/runs/{run['id']}/approve", 202)
        assert service.done(run)["subscription"]["block"]["site"] == "par"
