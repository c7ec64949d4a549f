"""The task adopt: approved, broken off, failed, given back. NetBox is a file here, a real one in netbox/ and lab/."""

import json
import signal
from typing import Any

import pytest

from tests.api.live_service import Service


def there(service: Service, *names: str) -> None:
    """What NetBox has."""
    devices = [
        {
            "type": "dcim.device",
            "name": name,
            "netbox_id": number,
            "status": "active",
            "site": "ams",
            "role": "pe",
            "device_type": "frr-router",
            "platform": "frr",
            "management": f"172.22.{sum(name.encode()) % 250}.{number + 1}/24",
            "loopback_ipv4": f"10.9.{sum(name.encode()) % 250}.{number}/32",
            "loopback_ipv6": f"fc00:9::{sum(name.encode())}:{number}/128",
        }
        for number, name in enumerate(names)
    ]
    (service.network / "there.json").write_text(json.dumps(devices))


def adopt(service: Service, approval: str = "auto", **more: Any) -> Any:
    body = {"input": {"customer": "noc", "devices": False, **more}, "approval": approval}
    return service.call("POST", "/tasks/adopt", 202, json=body)


def marks(service: Service) -> list[str]:
    return sorted(path.name for path in service.network.glob("mark-*"))


def active(service: Service, word: str) -> list[Any]:
    found: list[Any] = service.call("GET", "/subscriptions", 200, params={"q": word, "status": "active"})["items"]
    return found


@pytest.fixture(autouse=True)
def _no_marks(service: Service) -> None:
    for path in service.network.glob("mark-*"):
        path.unlink()


def test_what_was_approved_is_adopted_and_is_on_record(service: Service) -> None:
    there(service, "one-pe", "two-pe")
    run = service.wait_for(adopt(service, "manual"), "awaiting-approval")
    assert marks(service) == []
    plan = service.call("GET", f"/runs/{run['id']}/plan", 200)
    assert [(one["name"], one["taken"]) for one in plan["proposals"]] == [("one-pe", True), ("two-pe", True)]
    service.call("POST", f"/runs/{run['id']}/approve", 202, json={"digest": plan["digest"]})
    service.done(run)
    found = active(service, "one-pe") + active(service, "two-pe")
    assert [one["id"] for one in found] == [one["subscription"] for one in plan["proposals"]]
    assert {one["insync"] for one in found} == {False}, "its router was not compared"
    assert marks(service) == sorted(f"mark-{one['id']}" for one in found)
    (change, *_) = service.call("GET", f"/subscriptions/{found[0]['id']}/history", 200)["items"]
    assert change["run"] == run["id"]
    problem = service.order_node("one-pe", expect=409)
    assert "The node name one-pe belongs to Node one-pe at ams" in problem["detail"]
    again = service.done(adopt(service, "manual"))
    reasons = [one["reasons"][0] for one in service.call("GET", f"/runs/{again['id']}/plan", 200)["proposals"]]
    assert reasons[0].startswith("The node name one-pe belongs to Node one-pe at ams in the order book")


def test_one_whose_worker_dies_half_way_is_ended_under_the_same_ids(service: Service) -> None:
    there(service, "cut-pe", "off-pe")
    with service.trouble("hold"):
        run = adopt(service)
        service.until_held(run)
        half = marks(service)
        assert len(half) == 1
        service.stop(signal.SIGKILL)
    service.start()
    service.done(run)
    found = active(service, "cut-pe") + active(service, "off-pe")
    assert len(found) == 2
    assert marks(service) == sorted(f"mark-{one['id']}" for one in found)
    assert half[0] in marks(service)


def test_one_that_fails_leaves_neither_marks_nor_subscriptions(service: Service) -> None:
    there(service, "bad-pe", "sad-pe")
    with service.trouble("fail-adopt"):
        run = service.wait_for(adopt(service), "rolled-back")
    assert run["error"]["detail"] == "NetBox refused it"
    assert (marks(service), active(service, "bad-pe")) == ([], [])
    retried = service.done(service.call("POST", f"/runs/{run['id']}/retry", 202))
    assert retried["task"] == "adopt"
    assert len(marks(service)) == 2


def test_batches_take_as_many_as_they_are_told(service: Service) -> None:
    there(service, "b1-pe", "b2-pe", "b3-pe")
    service.done(adopt(service, limit=2))
    assert [bool(active(service, name)) for name in ("b1-pe", "b2-pe", "b3-pe")] == [True, True, False]
    run = service.done(adopt(service, limit=2))
    said = [event["payload"]["message"] for event in service.events(run) if event["kind"] == "note"]
    assert said == ["1 nodes and 0 circuits adopted; 0 could be and were not, 2 cannot be."]
    assert active(service, "b3-pe")


def test_an_adoption_is_given_back_unless_something_was_done_with_it(service: Service) -> None:
    there(service, "back-pe", "stay-pe")
    run = service.done(adopt(service))
    (node,) = active(service, "stay-pe")
    service.wait_for(service.call("POST", f"/runs/{run['id']}/rollback", 202), "rolled-back")
    assert (marks(service), active(service, "back-pe")) == ([], [])
    assert service.call("GET", f"/subscriptions/{node['id']}", 200)["status"] == "terminated"
    second = service.done(adopt(service))
    (node,) = active(service, "stay-pe")
    service.done(service.call("PATCH", f"/subscriptions/{node['id']}", 202, json={"input": {"role": "p"}}))
    problem = service.call("POST", f"/runs/{second['id']}/rollback", 409)
    assert problem["detail"].startswith("Node stay-pe at ams: it was changed since it was adopted")
    assert len(marks(service)) == 2


def test_a_customer_who_is_unknown_is_said_at_once(service: Service) -> None:
    problem = service.call("POST", "/tasks/adopt", 422, json={"input": {"customer": "nobody"}})
    assert problem["errors"][0]["field"] == "input.customer"
