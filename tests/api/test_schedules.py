"""Schedules: made and changed over REST, fired once by whichever worker comes first; sweeps in shards; drift."""

import itertools
import json
import subprocess
from typing import Any

import pytest

from tests.api.live_service import PROGRAM, Service
from tests.waiting import wait_until

_FIRED_WITHIN_S = 40
_HOURLY = {"task": "validate-all", "cron": "0 * * * *"}


@pytest.fixture(scope="module")
def nodes(service: Service) -> list[Any]:
    """Three active nodes."""
    names = ("ams-pe", "par-p", "lon-pe")
    values = [
        {"name": name, "site": "ams", "role": "pe", "management": f"172.20.20.{at}/24"}
        for at, name in enumerate(names, 11)
    ]
    orders = [{"product": "node-frr", "customer": "noc", "input": value} for value in values]
    answer = service.call("POST", "/subscriptions/batch", 202, json={"orders": orders})
    service.done({"id": answer["batches"][0]})
    return [order["subscription"] for order in answer["orders"]]


def _create(service: Service, name: str, **more: Any) -> Any:
    return service.call("POST", "/schedules", 201, json={"name": name, **_HOURLY, **more})


def _make_due(service: Service, name: str) -> None:
    """As if its occurrence had come two days ago, and all later ones, too."""
    service.sql(f"UPDATE schedules SET next_at = now() - interval '2 days' WHERE name = '{name}'")


def _runs_of(service: Service, name: str) -> list[Any]:
    params = {"created_by": f"schedule {name}", "task": "validate-all,sync-ports,resync-drifted"}
    return list(service.call("GET", "/runs", 200, params=params)["items"])


def _metrics(service: Service) -> str:
    return service.client.get(f"http://127.0.0.1:{service.port}/metrics").text


def _fired(service: Service, name: str) -> Any:
    """The schedule, once it has been fired."""
    wait_until(lambda: service.call("GET", f"/schedules/{name}", 200)["last_at"] is not None, _FIRED_WITHIN_S)
    return service.call("GET", f"/schedules/{name}", 200)


def test_everything_is_validated_every_night_unless_someone_says_otherwise(service: Service) -> None:
    (schedule,) = service.call("GET", "/schedules", 200)["items"]
    assert (schedule["name"], schedule["task"], schedule["cron"]) == (
        "nightly-validation",
        "validate-all",
        "30 2 * * *",
    )
    assert not schedule["paused"]
    assert schedule["next_at"].endswith("02:30:00Z")


def test_a_schedule_is_made_changed_paused_resumed_and_removed(service: Service) -> None:
    made = _create(service, "hourly", timezone="Europe/Amsterdam", input={"product": "node-frr"})
    assert made["next_at"].endswith(":00:00Z")
    assert made["input"]["product"] == "node-frr"
    path = "/schedules/hourly"
    answer = service.client.get(path)
    paused = service.call("PATCH", path, 200, json={"paused": True}, headers={"If-Match": answer.headers["ETag"]})
    assert (paused["paused"], paused["next_at"]) == (True, None)
    service.call("PATCH", path, 412, json={"paused": False}, headers={"If-Match": answer.headers["ETag"]})
    resumed = service.call("PATCH", path, 200, json={"paused": False, "cron": "15 4 * * *", "timezone": "UTC"})
    assert resumed["next_at"].endswith("04:15:00Z")
    service.call("DELETE", path, 204)
    recorded = service.call("GET", "/audit", 200, params={"kind": "schedules"})["items"]
    assert {entry["action"] for entry in recorded} == {"created", "changed", "deleted"}
    assert "GET /api/v1/schedules lists them" in service.call("GET", path, 404)["detail"]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"cron": "61 * * * *"}, "cron", "is no cron expression: Bad minute"),
        ({"timezone": "Mars/Olympus"}, "timezone", "is no time zone"),
        ({"task": "make-coffee"}, "task", "there is no task 'make-coffee'; there are bootstrap-netbox"),
        ({"input": {"product": "node-frrr"}}, "input.product", "there is no product 'node-frrr'"),
        ({"input": {"shard": 0}}, "input.shard", "greater than or equal to 1"),
        ({"name": "Big Name"}, "name", "pattern"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_named(service: Service, body: dict[str, Any], field: str, says: str) -> None:
    problem = service.call("POST", "/schedules", 422, json={"name": "wrong", **_HOURLY, **body})
    assert problem["errors"][0]["field"] == field
    assert says in problem["errors"][0]["message"]
    service.call("POST", "/schedules", 409, json={"name": "nightly-validation", **_HOURLY})


def test_what_was_missed_is_fired_once_by_one_of_many_workers(service: Service, nodes: list[Any]) -> None:
    _create(service, "missed")
    with service.worker():
        wait_until(lambda: "trunkline_workers 2.0" in _metrics(service), _FIRED_WITHIN_S)
        _make_due(service, "missed")
        schedule = _fired(service, "missed")
        run = service.done(schedule["last_run"])
    assert run["created_by"] == "schedule missed"
    assert schedule["last_error"] is None
    assert schedule["next_at"] > schedule["last_at"]
    assert len(_runs_of(service, "missed")) == 1
    service.call("DELETE", "/schedules/missed", 204)
    assert service.call("GET", f"/runs/{run['id']}", 200)["status"] == "completed"


def test_an_occurrence_that_cannot_start_is_reported_and_the_next_one_comes(service: Service, nodes: list[Any]) -> None:
    _create(service, "ports", task="sync-ports", input={"node": "nobody"})
    _create(service, "after-it")
    for name in ("ports", "after-it"):
        _make_due(service, name)
    schedule = _fired(service, "ports")
    assert "there is no node 'nobody'" in schedule["last_error"]
    assert schedule["next_at"] > schedule["last_at"]
    service.done(_fired(service, "after-it")["last_run"])
    service.call("PATCH", "/schedules/ports", 200, json={"input": {"node": "ams-pe"}})
    run = service.done(service.call("POST", "/schedules/ports/run", 202))
    assert (run["task"], run["created_by"]) == ("sync-ports", "tests")
    schedule = service.call("GET", "/schedules/ports", 200)
    assert (schedule["last_error"], schedule["last_run"]["id"]) == (None, run["id"])


def test_a_sweep_starts_no_more_than_its_shard_at_a_time(service: Service, nodes: list[Any]) -> None:
    _create(service, "sharded", input={"shard": 1})
    run = service.call("POST", "/schedules/sharded/run", 202)
    # It takes three looks at least.
    assert service.call("POST", "/schedules/sharded/run", 409)["run"] == run["id"]
    service.done(run)
    children = service.call("GET", "/runs", 200, params={"parent": run["id"], "sort": "created_at"})["items"]
    assert {child["subscription"]["id"] for child in children} == {node["id"] for node in nodes}
    # One after the other: each began when the one before it had ended.
    assert all(after["created_at"] >= before["finished_at"] for before, after in itertools.pairwise(children))
    notes = [event["payload"].get("message", "") for event in service.events(run)]
    assert any("3 runs started: 3 completed, 0 of them found drift, 0 failed" in note for note in notes)


def test_drift_is_found_reported_and_resynced_by_policy(service: Service, nodes: list[Any]) -> None:
    service.thing(nodes[1]).write_text("somebody was here\n")
    assert service.call("GET", "/drift", 200)["items"] == []
    run = service.done(service.call("POST", "/tasks/validate-all", 202, json={"input": {"customer": "noc"}}))
    (found,) = service.call("GET", "/drift", 200, params={"product": "node-frr", "customer": "noc"})["items"]
    assert (found["id"], found["description"]) == (nodes[1]["id"], "Node par-p at ams")
    assert found["netbox"][0]["type"] == "dcim.device"
    assert found["devices"] == {"par-p": "+hostname par-p"}
    assert service.call("GET", "/drift", 200, params={"customer": "nobody"})["items"] == []
    assert 'trunkline_drift{product="node-frr"} 1.0' in _metrics(service)
    environment = service.environment | {
        "TRUNKLINE_URL": f"http://127.0.0.1:{service.port}",
        "TRUNKLINE_TOKEN": service.token,
    }
    told = subprocess.run([str(PROGRAM), "drift"], env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 7, told.stderr
    assert "Node par-p at ams" in told.stdout
    assert "+hostname par-p" in told.stdout
    # By policy: what the next validation finds is resynced once it has ended.
    run = service.done(service.call("POST", "/tasks/validate-all", 202, json={"input": {"resync": "auto"}}))
    (follow_up,) = service.call("GET", "/runs", 200, params={"parent": run["id"], "task": "resync-drifted"})["items"]
    service.done(follow_up)
    (resync,) = service.call("GET", "/runs", 200, params={"parent": follow_up["id"]})["items"]
    assert (resync["target"], resync["status"], resync["subscription"]["id"]) == ("resync", "completed", nodes[1]["id"])
    assert service.thing(nodes[1]).read_text() == "par-p ams pe\n"
    assert service.call("GET", "/drift", 200)["items"] == []


def test_metrics_are_those_of_all_processes(service: Service, nodes: list[Any]) -> None:
    metrics = service.client.get(f"http://127.0.0.1:{service.port}/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in metrics.text.splitlines() if not line.startswith("#"))
    assert float(lines['trunkline_runs{status="completed",target="batch"}']) == 1
    assert float(lines['trunkline_stage_seconds_count{stage="apply",target="batch"}']) == 1
    seconds = float(lines['trunkline_stage_seconds_sum{stage="apply",target="batch"}'])
    assert 0 < seconds < 60
    assert float(lines['trunkline_stage_seconds_bucket{le="+Inf",stage="apply",target="batch"}']) == 1
    assert float(lines["trunkline_workers"]) == 1
    assert float(lines['trunkline_subscriptions{product="node-frr",status="active"}']) == 3
    assert "trunkline_approvals_waiting" in lines
    assert "trunkline_jobs_waiting" in lines


def test_the_command_line_makes_runs_and_removes_a_schedule(service: Service, nodes: list[Any]) -> None:
    environment = service.environment | {
        "TRUNKLINE_URL": f"http://127.0.0.1:{service.port}",
        "TRUNKLINE_TOKEN": service.token,
        "COLUMNS": "200",
    }

    def trunkline(*arguments: str) -> str:
        command = [str(PROGRAM), "schedules", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    made = json.loads(
        trunkline("create", "weekly", "validate-all", "--cron", "0 5 * * SUN", "--product", "node-frr", "--json")
    )
    assert made["input"]["product"] == "node-frr"
    assert "nightly-validation" in trunkline("list")
    assert json.loads(trunkline("pause", "weekly", "--json"))["next_at"] is None
    assert json.loads(trunkline("run", "weekly", "--json"))["status"] == "completed"
    assert json.loads(trunkline("resume", "weekly", "--json"))["next_at"] is not None
    assert json.loads(trunkline("change", "weekly", "--cron", "0 6 * * SUN", "--json"))["cron"] == "0 6 * * SUN"
    assert "weekly" in trunkline("show", "weekly")
    trunkline("delete", "weekly")
    assert "weekly" not in trunkline("list")
