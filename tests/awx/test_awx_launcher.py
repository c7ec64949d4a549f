"""A job of AWX outlives both the worker that began it and AWX's own web service: it is found again, and only once."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.live_service import PLAYBOOKS, Service, make_service, running
from tests.awx.awx_server import Awx, running_awx
from tests.databases import migrated_database
from tests.waiting import wait_until
from trunkline.dev.state import State


@pytest.fixture(scope="module")
def awx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx]:
    """A stand-in of this module's own."""
    with running_awx(tmp_path_factory.mktemp("awx")) as started:
        yield started


@pytest.fixture(scope="module")
def service(postgres: State, awx: Awx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that launches through it."""
    made = make_service(tmp_path_factory.mktemp("service"), migrated_database(postgres), **awx.settings)
    awx.seed(PLAYBOOKS, {name: made.environment[name] for name in ("TEST_NETWORK", "NETBOX_TOKEN")})
    with running(made) as started:
        yield started


def _hold(service: Service, name: str) -> Any:
    """An order whose apply holds."""
    run = service.order_node(name)
    service.until_held(run)
    return run


def _jobs(awx: Awx, run: Any, stage: str) -> list[Any]:
    found = awx.all("jobs", labels__name__startswith=f"trunkline {run['id']} {stage} ")
    return [job for job in found if job["name"] == "Trunkline node_provision"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_job_goes_on_without_its_worker_and_is_followed_on(service: Service, awx: Awx, number: int) -> None:
    with service.trouble("hold"):
        run = _hold(service, f"node-{number}")
        (job,) = _jobs(awx, run, "apply")
        service.stop(number)
        assert awx.call("GET", f"jobs/{job['id']}/", 200)["status"] == "running"
    awx.wait_for("jobs", job["id"], "successful")
    service.start()
    run = service.done(run)
    assert run["subscription"]["status"] == "active"
    assert run["subscription"]["block"]["netbox_id"] == 7
    assert [job["id"] for job in _jobs(awx, run, "apply")] == [job["id"]]
    labels = {label["name"] for label in awx.call("GET", f"jobs/{job['id']}/labels/", 200)["results"]}
    assert "trunkline" in labels
    notes = [event["payload"]["message"] for event in service.events(run) if event["kind"] == "note"]
    assert f"AWX job {job['id']}: {awx.url}/#/jobs/playbook/{job['id']}/output" in notes


def test_awx_restarts_under_a_run(service: Service, awx: Awx) -> None:
    with service.trouble("hold"):
        run = _hold(service, "restart-pe")
        awx.stop()
    assert service.call("GET", f"/runs/{run['id']}", 200)["status"] == "applying"
    awx.start()
    run = service.done(run)
    assert len(_jobs(awx, run, "apply")) == 1
    assert "Ask the node" in {step["name"] for step in run["steps"] if step["stage"] == "apply"}


def test_a_cancel_while_nobody_follows_still_stops_the_job(service: Service, awx: Awx) -> None:
    with service.trouble("hold"):
        run = _hold(service, "cancel-pe")
        (job,) = _jobs(awx, run, "apply")
        service.stop(signal.SIGKILL)
        service.sql(f"UPDATE runs SET cancel_requested_by = 'tests' WHERE id = '{run['id']}'")
        service.start()
        run = service.wait_for(run, "rolled-back")
    assert awx.call("GET", f"jobs/{job['id']}/", 200)["status"] == "canceled"
    assert run["error"]["detail"] == "Cancelled by tests while it was being applied."
    wait_until(lambda: not any("node_provision" in command for command in service.processes()), 5)


def test_a_template_that_does_not_prompt_is_refused_before_anything_runs(service: Service, awx: Awx) -> None:
    (template,) = awx.all("job_templates", name="Trunkline node_provision")
    path = f"job_templates/{template['id']}/"
    awx.call("PATCH", path, 200, json={"ask_job_type_on_launch": False})
    try:
        run = service.wait_for(service.order_node("asked-pe"), "failed")
    finally:
        awx.call("PATCH", path, 200, json={"ask_job_type_on_launch": True})
    assert "must prompt on launch for job_type: run playbooks/awx_setup.yml" in run["error"]["detail"]
    assert _jobs(awx, run, "plan") == []


def test_a_wrong_token_is_said_with_its_remedy(service: Service, awx: Awx) -> None:
    service.stop()
    right, service.environment["TRUNKLINE_AWX_TOKEN"] = service.environment["TRUNKLINE_AWX_TOKEN"], "wrong-token"
    service.start()
    run = service.wait_for(service.order_node("token-pe"), "failed")
    assert f"{awx.url} does not know the token: set TRUNKLINE_AWX_TOKEN" in run["error"]["detail"]
    service.stop()
    service.environment["TRUNKLINE_AWX_TOKEN"] = right
    service.start()
