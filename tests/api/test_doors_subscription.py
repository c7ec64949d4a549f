"""The module subscription: orders over REST from a playbook, declared, planned, waited for."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.live_service import Service
from tests.waiting import wait_until
from trunkline.dev.state import PROJECT

NODE = {"site": "ams", "role": "pe"}


def order(name: str, **more: Any) -> dict[str, Any]:
    number = sum(name.encode()) % 250
    values = {"name": name, "management": f"10.2.{number}.{len(name)}/24", **NODE, **more}
    return {"product": "node-frr", "customer": "noc", "input": values}


@pytest.fixture
def run(service: Service, tmp_path: Path) -> Any:
    """Runs tasks of the module in one playbook, and returns their results in order."""

    def call(*tasks: dict[str, Any], check: bool = False, **environment: str) -> list[dict[str, Any]]:
        named = [
            {
                "name": f"Task {number}",
                "trunkline.network.subscription": {k: v for k, v in task.items() if k != "check"},
                "check_mode": task.get("check", check),
                "diff": True,
                "register": f"task_{number}",
                "ignore_errors": True,
            }
            for number, task in enumerate(tasks)
        ]
        content = "{{ [" + ", ".join(f"task_{number}" for number in range(len(tasks))) + "] | to_json }}"
        keep = {"name": "Keep", "ansible.builtin.copy": {"content": content, "dest": f"{tmp_path}/out", "mode": "0600"}}
        play = {
            "name": "Orders",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "tasks": [*named, keep],
        }
        (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
        access = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "collections"),
            "TRUNKLINE_URL": service.url.removesuffix("/api/v1"),
            "TRUNKLINE_TOKEN": service.token,
        }
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml"],
            cwd=tmp_path,
            env=access | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert service.token not in done.stdout + done.stderr
        results: list[dict[str, Any]] = json.loads((tmp_path / "out").read_text())
        return results

    return call


def runs(service: Service) -> list[dict[str, Any]]:
    return list(service.call("GET", "/runs", 200, params={"limit": 200})["items"])


def test_an_order_is_planned_made_kept_changed_and_ended(service: Service, run: Any) -> None:
    new, changed = order("by-play"), order("by-play", site="par")
    named = {"state": "absent", "product": "node-frr", "input": {"name": "by-play"}}
    results = run(
        {**new, "check": True}, new, new, {**changed, "check": True}, changed, changed,
        {**named, "check": True}, named, named,
    )  # fmt: skip
    assert [result.get("failed", False) for result in results] == [False] * 9, results
    assert [result["changed"] for result in results] == [True, True, False, True, True, False, True, True, False]
    plan, made, again, _, modified, _, _, gone, _ = results
    assert plan["subscription"] is None
    assert plan["plan"]["netbox"]
    assert "by-play" in json.dumps(plan["diff"])
    assert (made["run"]["target"], made["run"]["status"], made["subscription"]["status"]) == (
        "create", "completed", "active",
    )  # fmt: skip
    assert again["subscription"]["id"] == made["subscription"]["id"]
    assert (modified["run"]["target"], modified["subscription"]["block"]["site"]) == ("modify", "par")
    assert gone["subscription"]["status"] == "terminated"
    assert made["run"]["link"].startswith(service.url)
    mine = [one for one in runs(service) if one["title"].startswith("Node by-play")]
    assert sum(one["plan_only"] for one in mine) == 3
    assert sorted(one["target"] for one in mine if not one["plan_only"]) == ["create", "modify", "terminate"]


def test_a_run_that_fails_fails_the_task_with_its_error_and_link(service: Service, run: Any) -> None:
    with service.trouble("fail-apply-pe"):
        (failed,) = run(order("unlucky"))
    assert failed["failed"]
    assert failed["error"]["task"] in failed["msg"]
    assert failed["error"]["title"] in failed["msg"]
    assert failed["run"]["link"] in failed["msg"]
    # What was rolled back is made by the same task again.
    (made,) = run(order("unlucky"))
    assert (made["changed"], made["subscription"]["status"]) == (True, "active")


def test_a_refusal_names_the_field_and_the_setting(service: Service, run: Any) -> None:
    wrong, nameless, unfound, nobody = run(
        order("Not A Name"),
        {"state": "absent", "product": "node-frr"},
        {"id": "00000000-0000-4000-8000-000000000000", "input": {"site": "par"}},
        {**order("nobody"), "customer": "nobody"},
    )
    assert "input.name" in wrong["msg"]
    assert wrong["problem"]["status"] == 422
    assert "input:" in nameless["msg"]
    assert "no subscription" in unfound["msg"]
    assert "customer" in nobody["msg"]
    closed, away, unset = run(
        {**order("x"), "trunkline_token": "tl_00000000_wrong"},
        {**order("x"), "trunkline_url": "http://127.0.0.1:9"},
        {**order("x"), "trunkline_url": "nowhere"},
    )
    assert "TRUNKLINE_TOKEN" in closed["msg"]
    assert "TRUNKLINE_URL" in away["msg"]
    assert "trunkline_url: 'nowhere'" in unset["msg"]


def test_what_a_person_must_approve_ends_the_task_and_is_not_ordered_twice(service: Service, run: Any) -> None:
    first, second = run({**order("careful"), "approval": "manual"}, {**order("careful"), "approval": "manual"})
    assert (first["changed"], first["run"]["status"]) == (True, "awaiting-approval")
    assert (second["changed"], second["run"]["id"]) == (False, first["run"]["id"])
    service.call("POST", f"/runs/{first['run']['id']}/approve", 202)
    service.wait_for(first["run"], "completed")


def test_a_time_out_names_the_run_and_does_not_stop_it(service: Service, run: Any) -> None:
    with service.trouble("hold"):
        (late,) = run({**order("slow"), "wait_timeout": 3})
        assert late["failed"]
        assert "wait_timeout" in late["msg"]
    service.wait_for(late["run"], "completed")


def test_waiting_goes_on_while_the_api_is_restarted(service: Service, run: Any) -> None:
    def restart() -> None:
        wait_until(lambda: any(one["title"].startswith("Node patient") for one in runs(service)), 60)
        service.stop()
        service.start()
        (service.network / "hold").unlink()

    with service.trouble("hold"):
        thread = threading.Thread(target=restart)
        thread.start()
        (made,) = run({**order("patient"), "wait_timeout": 90})
        thread.join()
    assert (made["changed"], made["run"]["status"]) == (True, "completed")
