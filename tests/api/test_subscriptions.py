"""Subscriptions over their life: plans without an order, locks, history, search, ETags, and no way to get stuck."""

from typing import Any

import pytest

from tests.api.live_service import Service
from trunkline.db.models import Lifecycle, RunStatus


@pytest.fixture(scope="module")
def nodes(service: Service) -> list[Any]:
    """Two active nodes."""
    runs = [service.order_node(name) for name in ("ams-pe", "par-p")]
    return [service.done(run)["subscription"] for run in runs]


def _path(subscription: Any) -> str:
    return f"/subscriptions/{subscription['id']}"


def test_a_plan_only_order_tells_all_and_leaves_nothing(service: Service, nodes: list[Any]) -> None:
    before = service.call("GET", "/subscriptions", 200, params={"limit": 200})
    run = service.done(service.order_node("lon-pe", plan_only=True))
    assert run["subscription"] is None
    assert run["title"] == "Node lon-pe at ams"
    assert {step["stage"] for step in run["steps"]} == {"plan"}
    plan = service.call("GET", f"/runs/{run['id']}/plan", 200)
    assert plan["devices"] == {"lon-pe": "+hostname lon-pe"}
    assert service.call("GET", "/subscriptions", 200, params={"limit": 200}) == before
    # Nothing is reserved, and what is taken is said as it would be of an order.
    assert service.order_node("ams-pe", expect=409, plan_only=True)["type"].endswith("duplicate")
    again = service.done(service.call("POST", f"/runs/{run['id']}/retry", 409) and service.order_node("lon-pe"))
    assert again["subscription"]["status"] == "active"


def test_what_a_change_would_do_is_planned_without_it(service: Service, nodes: list[Any]) -> None:
    path = _path(nodes[0])
    for method, where, body, params in (
        ("PATCH", path, {"input": {"role": "p"}, "plan_only": True}, {}),
        ("DELETE", path, None, {"plan_only": True}),
        ("POST", f"{path}/resync", None, {"plan_only": True}),
    ):
        run = service.done(service.call(method, where, 202, json=body, params=params))
        assert run["plan_only"]
        assert {step["stage"] for step in run["steps"]} == {"plan"}
    assert service.call("GET", path, 200)["block"] == nodes[0]["block"]
    assert service.thing(nodes[0]).read_text() == "ams-pe ams pe\n"


def test_the_history_says_who_changed_what_in_which_run(service: Service, nodes: list[Any]) -> None:
    run = service.done(service.order_node("his-pe"))
    path = _path(run["subscription"])
    service.call("PATCH", path, 200, json={"note": "watch this one", "end_date": "2031-01-01T00:00:00Z"})
    changed = service.done(service.call("PATCH", path, 202, json={"input": {"role": "p"}}))
    history = service.call("GET", f"{path}/history", 200)["items"]
    assert {item["made_by"] for item in history} == {"tests"}
    assert history[0]["run"] == changed["id"]
    assert history[0]["before"]["block"]["role"] == "pe"
    assert history[0]["after"]["block"]["role"] == "p"
    assert (history[1]["run"], history[1]["before"]["note"], history[1]["after"]["note"]) == (
        None,
        "",
        "watch this one",
    )
    statuses = [item["after"]["status"] for item in reversed(history) if "status" in item["after"]]
    assert statuses == ["initial", "provisioning", "active"]
    assert {item["run"] for item in history[2:]} == {run["id"]}
    page = service.call("GET", f"{path}/history", 200, params={"limit": 1, "fields": "made_by"})
    assert page["items"] == [{"made_by": "tests"}]
    assert page["next"]
    service.sql(f"UPDATE subscriptions SET note = 'by hand' WHERE id = '{run['subscription']['id']}'")
    assert service.call("GET", f"{path}/history", 200)["items"][0]["made_by"] == "postgres"


def test_a_change_decided_on_an_older_state_is_refused(service: Service, nodes: list[Any]) -> None:
    path = _path(nodes[0])
    tag = service.client.get(path).headers["etag"]
    service.call("PATCH", path, 200, json={"note": "somebody was faster"}, headers={"If-Match": tag})
    for method, body in (("PATCH", {"note": "too late"}), ("DELETE", None)):
        problem = service.call(method, path, 412, json=body, headers={"If-Match": tag})
        assert problem["etag"] == service.client.get(path).headers["etag"]
    assert service.call("GET", path, 200)["note"] == "somebody was faster"
    service.call("PATCH", path, 200, json={"note": ""}, headers={"If-Match": f'"other", {problem["etag"]}'})


def test_what_depends_on_a_changing_node_is_locked(service: Service, nodes: list[Any]) -> None:
    circuit = service.done(service.order_circuit("ams-pe:eth1", "par-p:eth1"))["subscription"]
    with service.trouble("hold"):
        holder = service.call("PATCH", _path(nodes[1]), 202, json={"input": {"role": "p"}})
        for method, where, body in (
            ("PATCH", _path(circuit), {"input": {"isis_metric": 20}}),
            ("POST", f"{_path(circuit)}/validate", None),
            ("DELETE", _path(circuit), None),
        ):
            problem = service.call(method, where, 409, json=body)
            assert problem["type"] == "urn:trunkline:problem:locked"
            assert (problem["run"], problem["held_by"]) == (holder["id"], "tests")
            assert (
                "changes Node par-p at ams, on which Core circuit ams-pe:eth1 - par-p:eth1 depends" in problem["detail"]
            )
        problem = service.order_circuit("ams-pe:eth2", "par-p:eth2", expect=409)
        assert problem["run"] == holder["id"]
        assert service.call("GET", _path(nodes[1]), 200)["run"] == holder["id"]
    service.done(holder)
    # One that only looks holds nobody up.
    with service.without_worker():
        looking = service.call("POST", f"{_path(nodes[1])}/validate", 202)
        changing = service.call("PATCH", _path(circuit), 202, json={"input": {"isis_metric": 20}})
    service.done(looking)
    service.done(changing)
    service.done(service.call("DELETE", _path(circuit), 202))


def test_it_can_be_disabled_and_stays_so_until_said_otherwise(service: Service, nodes: list[Any]) -> None:
    path = _path(nodes[0])
    assert (
        service.done(service.call("PATCH", path, 202, json={"status": "disabled"}))["subscription"]["status"]
        == "disabled"
    )
    assert service.done(service.call("POST", f"{path}/resync", 202))["subscription"]["status"] == "disabled"
    assert "cannot become migrating" in service.call("PATCH", path, 409, json={"status": "migrating"})["detail"]
    assert (
        service.done(service.call("PATCH", path, 202, json={"status": "active"}))["subscription"]["status"] == "active"
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ams-pe", {"Node ams-pe at ams"}),
        ("AMS-PE", {"Node ams-pe at ams"}),
        ("node par", {"Node par-p at ams"}),
        ("172.20", {"Node ams-pe at ams", "Node par-p at ams"}),
        ("10.0.127.2 ams-p", {"Node ams-pe at ams"}),
        ("reach me", {"Node par-p at ams"}),
        ("nothing-like-it", set()),
        (":;'&|!()\\ ", set()),
    ],
)
def test_search_finds_words_of_description_note_and_block(
    service: Service, nodes: list[Any], words: str, found: set[str]
) -> None:
    service.call("PATCH", _path(nodes[1]), 200, json={"note": "Reach me at the desk"})
    items = service.call("GET", "/subscriptions", 200, params={"q": words, "status": "active"})["items"]
    names = {item["description"] for item in items}
    assert names & {"Node ams-pe at ams", "Node par-p at ams"} == found


def test_lists_give_the_fields_asked_for(service: Service, nodes: list[Any]) -> None:
    items = service.call("GET", "/subscriptions", 200, params={"fields": "id,status", "id": nodes[0]["id"][:8]})[
        "items"
    ]
    assert items == [{"id": nodes[0]["id"], "status": "active"}]
    assert service.call("GET", _path(nodes[0]), 200, params={"fields": "note"}) == {"note": ""}
    problem = service.call("GET", "/runs", 422, params={"fields": "id,colour"})
    assert problem["errors"][0]["field"] == "fields"


def test_a_customer_is_renamed_and_stays_while_it_is_named(service: Service, nodes: list[Any]) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "uni-a", "name": "University A"})
    tag = service.client.get("/customers/uni-a").headers["etag"]
    renamed = service.call("PATCH", "/customers/uni-a", 200, json={"name": "A"}, headers={"If-Match": tag})
    assert renamed["name"] == "A"
    service.call("DELETE", "/customers/uni-a", 412, headers={"If-Match": tag})
    service.call("DELETE", "/customers/uni-a", 204)
    service.call("GET", "/customers/uni-a", 404)
    assert "stays" in service.call("DELETE", "/customers/noc", 409)["detail"]


def _terminate(service: Service, path: str) -> str:
    return str(service.done(service.call("DELETE", path, 202))["subscription"]["status"])


def _resync(service: Service, path: str) -> str:
    return str(service.done(service.call("POST", f"{path}/resync", 202))["subscription"]["status"])


@pytest.mark.parametrize("touched", [True, False])
@pytest.mark.parametrize("status", [item for item in Lifecycle if item is not Lifecycle.TERMINATED])
def test_whatever_state_it_is_in_it_can_be_resynced_and_terminated(
    service: Service, nodes: list[Any], status: Lifecycle, touched: bool
) -> None:
    name = f"{status[:3]}-{'t' if touched else 'u'}"
    subscription = service.done(service.order_node(name))["subscription"]
    for act, becomes in (
        (_resync, "active" if status in ("initial", "provisioning") else status.value),
        (_terminate, "terminated"),
    ):
        # As a worker that died, or a half-done migration, might leave it.
        service.sql(
            f"UPDATE subscriptions SET status = '{status}', touched = {touched}, insync = false "
            f"WHERE id = '{subscription['id']}'"
        )
        assert act(service, _path(subscription)) == becomes
    assert service.call("POST", f"{_path(subscription)}/resync", 409)["type"].endswith("illegal-transition")


@pytest.mark.parametrize("ended", [RunStatus.FAILED, RunStatus.ROLLED_BACK, RunStatus.CANCELLED])
@pytest.mark.parametrize("act", ["retry", "resync", "terminate"])
def test_a_create_that_ended_badly_is_retried_resynced_or_terminated(
    service: Service, nodes: list[Any], ended: RunStatus, act: str
) -> None:
    name = f"bad-{ended[:3]}-{act}"
    if ended is RunStatus.CANCELLED:
        run = service.wait_for(service.order_node(name, approval="manual"), "awaiting-approval")
        service.call("POST", f"/runs/{run['id']}/cancel", 202)
    else:
        trouble = "fail-plan" if ended is RunStatus.FAILED else "fail-apply-pe"
        with service.trouble(trouble):
            run = service.wait_for(service.order_node(name), ended.value)
    path = _path(run["subscription"])
    if act == "terminate":
        assert _terminate(service, path) == "terminated"
    elif act == "resync":
        assert _resync(service, path) == "active"
    else:
        again = service.call("POST", f"/runs/{run['id']}/retry", 202)
        if again["approval"] == "manual":
            service.wait_for(again, "awaiting-approval")
            service.call("POST", f"/runs/{again['id']}/approve", 202)
        assert service.done(again)["subscription"]["status"] == "active"


def test_a_router_that_is_gone_for_good_does_not_keep_its_subscription(service: Service, nodes: list[Any]) -> None:
    run = service.done(service.order_node("gone-pe"))
    ended = service.done(service.call("DELETE", _path(run["subscription"]), 202, params={"skip_devices": True}))
    assert ended["skip_devices"]
    assert ended["subscription"]["status"] == "terminated"
