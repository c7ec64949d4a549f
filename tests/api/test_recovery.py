"""Workers that die or stop in the middle of a run, and clients that lose their connection."""

import signal
from itertools import islice
from typing import Any

import pytest

from tests.api.live_service import Service
from tests.waiting import wait_until


@pytest.mark.parametrize(("number", "stays"), [(signal.SIGKILL, True), (signal.SIGTERM, False)])
def test_a_run_ends_although_its_process_did_not(service: Service, number: int, stays: bool) -> None:
    with service.trouble("hold"):
        run = service.order_node(f"node-{number}")
        service.until_held(run)
        assert any("node_provision.yml" in command for command in service.processes())
        service.stop(number)
        # The playbook ends with its worker: it must not work on beside its successor.
        wait_until(lambda: service.processes() == [], 5)
    assert bool(service.run_directories()) is stays
    service.start()
    run = service.done(run)
    assert run["subscription"]["status"] == "active"
    assert service.run_directories() == []
    steps = [step["status"] for step in run["steps"] if step["stage"] == "apply"]
    assert "lost" in steps
    assert steps[-1] == "ok"
    # The plan was done and is not done again.
    assert len([step for step in run["steps"] if step["name"] == "Report the plan" and step["stage"] == "plan"]) == 1


def test_another_worker_takes_over(service: Service) -> None:
    """The API process dies with its worker; a worker in a process of its own ends the run."""
    with service.trouble("hold"):
        run = service.order_node("taken-pe")
        service.until_held(run)
        service.stop(signal.SIGKILL)
    with service.without_worker(), service.worker():
        assert service.done(run)["subscription"]["status"] == "active"


def test_a_follower_that_reconnects_misses_nothing(service: Service) -> None:
    with service.trouble("hold"):
        run = service.order_node("seen-pe")
        seen = list(islice(service.events(run), 7))
        service.until_held(run)
    seen += list(service.events(run, after=seen[-1]["id"]))
    numbers = [event["id"] for event in seen]
    assert numbers == sorted(set(numbers))
    assert seen == list(service.events(run))
    pages: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = service.call("GET", f"/runs/{run['id']}/events", 200, params={"after": after, "limit": 5})
        pages += page["items"]
        after = page["next_after"]
    assert pages == seen


def test_a_run_that_lost_its_job_is_queued_again_and_one_that_cannot_go_on_is_given_up(service: Service) -> None:
    with service.without_worker():
        lost, poison, broken = (service.order_node(name) for name in ("lost-pe", "poison-pe", "broken-pe"))
        service.sql("DELETE FROM procrastinate_jobs")
        service.sql(f"UPDATE runs SET stage_attempts = 4 WHERE id = '{poison['id']}'")
        service.sql(f"UPDATE runs SET target = 'task', task = 'nonsense' WHERE id = '{broken['id']}'")
    service.done(lost)
    run = service.wait_for(poison, "failed")
    assert "was begun 4 times and never ended" in run["error"]["detail"]
    run = service.wait_for(broken, "failed")
    assert run["error"]["title"] == "Internal error"
    assert "Stage plan ended with KeyError: 'nonsense'" in run["error"]["detail"]
    assert "Traceback" in service.log.read_text()


def test_a_run_in_an_impossible_state_ends_and_says_so(service: Service) -> None:
    run = service.wait_for(service.order_node("ghost-pe", approval="manual"), "awaiting-approval")
    service.sql(f"UPDATE subscriptions SET status = 'terminated' WHERE id = '{run['subscription']['id']}'")
    service.call("POST", f"/runs/{run['id']}/approve", 202)
    run = service.wait_for(run, "failed")
    assert "Stage apply ended with IllegalTransition" in run["error"]["detail"]
    assert not run["subscription"]["insync"]
    # Nothing stands in the way of what comes next.
    service.sql(f"UPDATE subscriptions SET status = 'initial' WHERE id = '{run['subscription']['id']}'")
    again = service.wait_for(service.call("POST", f"/runs/{run['id']}/retry", 202), "awaiting-approval")
    service.call("POST", f"/runs/{again['id']}/approve", 202)
    assert service.done(again)["subscription"]["status"] == "active"
