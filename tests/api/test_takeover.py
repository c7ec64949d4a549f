"""Several workers on one database: who takes what, and who takes over when one dies, freezes, or is of another age."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self

import psutil
import pytest

from tests.api.live_service import Service
from tests.processes import warm_forks
from tests.waiting import wait_until

_TAKEN_OVER_WITHIN_S = 40


@pytest.fixture(scope="module")
def api(service: Service) -> Iterator[Service]:
    """The API alone."""
    with service.without_worker():
        yield service


@contextmanager
def workers(api: Service, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers that are at work."""
    with ExitStack() as stack:
        started = [stack.enter_context(api.worker()) for _ in range(count)]
        wait_until(lambda: sorted(_by_pid(api, "working")) == sorted(one.pid for one in started), 60)
        yield started


def _by_pid(api: Service, state: str) -> dict[int, Any]:
    found = api.call("GET", "/workers", 200)["items"]
    return {item["pid"]: item for item in found if item["state"] == state}


def _hold(api: Service, run: Any) -> int:
    """Wait until the apply holds; the worker that it runs on."""
    api.until_held(run)
    (pid,) = [pid for pid, item in _by_pid(api, "working").items() if run["id"] in item["runs"]]
    return pid


def _notes(api: Service, run: Any) -> list[str]:
    return [event["payload"]["message"] for event in api.events(run) if event["kind"] == "note"]


class Playbooks(threading.Thread):
    """Counts the playbooks that are alive at a time, again and again."""

    def __init__(self, api: Service) -> None:
        super().__init__(daemon=True)
        self.api, self.most, self.looks, self.ended = api, 0, 0, threading.Event()

    def alive(self) -> int:
        """A playbook is a fork of a supervisor, which is a fork of a server; its own forks are further down."""
        parents: dict[int, int] = {}
        for process in psutil.process_iter(["pid", "ppid", "cmdline", "status"]):
            info = process.info
            if info["status"] != psutil.STATUS_ZOMBIE and any("warm_server" in word for word in info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    if process.environ().get("TEST_NETWORK") == str(self.api.network):
                        parents[info["pid"]] = info["ppid"]
        supervisors = {pid for pid, parent in parents.items() if parent in parents and parents[parent] not in parents}
        # Those that have a child: when a playbook is killed its forks become the supervisor's for a moment.
        return len(supervisors.intersection(parents.values()))

    def run(self) -> None:
        while not self.ended.is_set():
            self.most = max(self.most, self.alive())
            self.looks += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


def test_a_killed_worker_s_run_is_taken_over_by_another(api: Service) -> None:
    with workers(api, 2), api.trouble("hold"):
        run = api.order_node("killed-pe")
        killed = _hold(api, run)
        with Playbooks(api) as playbooks:
            psutil.Process(killed).kill()
            began = time.monotonic()
            wait_until(lambda: "The worker is gone; the stage is begun again." in _notes_so_far(api, run), 60)
            wait_until(lambda: _steps(api, run).count("Hold until released") == 2, 60)
            assert time.monotonic() - began < _TAKEN_OVER_WITHIN_S
            (api.network / "hold").unlink()
            assert api.done(run)["subscription"]["status"] == "active"
        assert playbooks.looks > 3
        assert playbooks.most == 1


def test_a_frozen_worker_that_wakes_up_after_the_takeover_applies_nothing(api: Service) -> None:
    with workers(api, 2) as both, api.trouble("hold"):
        run = api.order_node("frozen-pe")
        frozen = psutil.Process(_hold(api, run))
        with Playbooks(api) as playbooks, ExitStack() as stack:
            began = time.monotonic()
            frozen.suspend()
            stack.callback(frozen.resume)
            # Its playbook is ended by those that watch over it, long before another worker begins.
            wait_until(lambda: _playbooks_of(frozen) == [], 10)
            assert _notes_so_far(api, run) == []
            wait_until(lambda: _steps(api, run).count("Hold until released") == 2, 60)
            assert time.monotonic() - began < _TAKEN_OVER_WITHIN_S
            frozen.resume()
            wait_until(lambda: len(_by_pid(api, "working")) == len(both), 30)
            (api.network / "hold").unlink()
            done = api.done(run)
        assert playbooks.most == 1
    assert done["subscription"]["status"] == "active"
    assert _steps(api, run).count("Report the plan") == 1
    assert _notes(api, run) == ["The worker is gone; the stage is begun again."]


def test_a_playbook_that_somebody_kills_is_begun_again(api: Service) -> None:
    with workers(api, 1) as (worker,), api.trouble("hold"):
        run = api.order_node("ansible-pe")
        _hold(api, run)
        (playbook,) = _playbooks_of(psutil.Process(worker.pid))
        playbook.kill()
        wait_until(lambda: _steps(api, run).count("Hold until released") == 2, 30)
        (api.network / "hold").unlink()
        assert api.done(run)["subscription"]["status"] == "active"
    assert _notes(api, run) == ["The playbook was killed; the stage is begun again."]


def test_a_worker_that_is_told_to_stop_ends_what_it_has_begun_and_takes_nothing_more(api: Service) -> None:
    with api.environment_of(TRUNKLINE_DRAIN_S="60"), workers(api, 1) as (worker,), api.trouble("hold"):
        run = api.order_node("drained-pe")
        _hold(api, run)
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: list(_by_pid(api, "draining")) == [worker.pid], 10)
        later = api.order_node("later-pe")
        (api.network / "hold").unlink()
        assert worker.wait(timeout=60) == 0
        assert api.done(run)["subscription"]["status"] == "active"
        assert api.call("GET", "/workers", 200)["items"] == []
    assert api.call("GET", f"/runs/{later['id']}", 200)["status"] == "queued"
    with workers(api, 1):
        api.done(later)


def test_an_older_worker_takes_nothing_that_is_newer(api: Service) -> None:
    with workers(api, 1) as (worker,):
        api.sql("UPDATE alembic_version SET version_num = version_num || '-newer'")
        wait_until(lambda: list(_by_pid(api, "outdated")) == [worker.pid], 10)
        run = api.order_node("newer-pe")
        api.sql("UPDATE procrastinate_jobs SET queue_name = 'runs-99.0' WHERE status = 'todo'")
        api.sql("UPDATE alembic_version SET version_num = replace(version_num, '-newer', '')")
        # The database is as its code knows it again: it takes what code of its age has queued, and leaves the other.
        older = api.order_node("older-pe")
        api.done(older)
        assert api.call("GET", f"/runs/{run['id']}", 200)["status"] == "queued"
        api.sql("UPDATE procrastinate_jobs SET queue_name = 'runs-0.0.9' WHERE status = 'todo'")
        api.done(run)


def test_all_workers_together_run_no_more_playbooks_than_they_may(api: Service) -> None:
    with api.environment_of(TRUNKLINE_TOTAL_CONCURRENCY="1"), workers(api, 2), Playbooks(api) as playbooks:
        runs = [api.order_node(f"one-by-one-{number}") for number in range(3)]
        for run in runs:
            api.done(run)
        assert playbooks.most == 1


def test_workers_are_shown_with_what_they_work_on(api: Service) -> None:
    with workers(api, 1) as (worker,), api.trouble("hold"):
        run = api.order_node("shown-pe")
        _hold(api, run)
        client = {"TRUNKLINE_URL": f"http://127.0.0.1:{api.port}", "TRUNKLINE_TOKEN": api.token}
        with api.environment_of(**client):
            shown = api.run("workers").stdout
        assert str(worker.pid) in shown
        assert "working" in shown
        assert run["id"][:8] in shown
        (api.network / "hold").unlink()
        api.done(run)


def _notes_so_far(api: Service, run: Any) -> list[str]:
    items = api.call("GET", f"/runs/{run['id']}/events", 200, params={"limit": 1000})["items"]
    return [item["payload"]["message"] for item in items if item["kind"] == "note"]


def _steps(api: Service, run: Any) -> list[str]:
    steps = api.call("GET", f"/runs/{run['id']}", 200)["steps"]
    return [step["name"] for step in steps if step["stage"] == "apply"]


def _playbooks_of(worker: psutil.Process) -> list[psutil.Process]:
    """The ansible-playbook processes of a worker: children of the supervisors that its server has forked."""
    return [
        playbook
        for server in warm_forks(worker)
        for supervisor in warm_forks(server)
        for playbook in warm_forks(supervisor)
    ]
