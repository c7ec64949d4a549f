"""The command line: what people and scripts type, what it prints, and with which code it ends."""

import json
import os
import pty
import resource
import subprocess
from typing import Any

import pytest

from tests.api.live_service import PROGRAM, Service


@pytest.fixture(scope="module")
def service(service: Service) -> Service:
    """The service, and a client's environment: nothing but where it is and a token."""
    service.environment["TRUNKLINE_URL"] = f"http://127.0.0.1:{service.port}"
    service.environment["TRUNKLINE_TOKEN"] = service.token
    return service


@pytest.fixture(scope="module")
def nodes(service: Service) -> None:
    """Two active nodes, ordered by command."""
    for number, name in enumerate(("ams-pe", "par-p"), 11):
        done = _run(
            service,
            *("create", "node", "--name", name, "--site", "ams", "--role", "pe"),
            *("--management", f"172.20.20.{number}/24", "--customer", "noc"),
        )
        assert done.stdout.startswith(f"Node {name} at ams: completed")


def _run(service: Service, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    client = {name: value for name, value in service.environment.items() if name != "TRUNKLINE_DATABASE_URL"}
    done = subprocess.run(
        [str(PROGRAM), *arguments], env=client | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def _json(service: Service, *arguments: str, code: int = 0) -> Any:
    return json.loads(_run(service, *arguments, "--json", code=code).stdout)


def test_a_circuit_is_planned_ordered_changed_and_terminated(service: Service, nodes: None) -> None:
    ends = ("--a", "ams-pe:eth1", "--z", "par-p:eth1")
    planned = _run(service, "create", "circuit", *ends, "--plan-only")
    assert "+ circuits.circuit c" in planned.stdout
    assert "circuit means core-circuit-10g here; say core-circuit-100g for that" in planned.stderr
    assert _json(service, "subscriptions", "list", "circuit") == []
    created = _run(service, "create", "circuit", *ends, "--isis-metric", "20")
    assert "Core circuit ams-pe:eth1 - par-p:eth1: completed" in created.stdout
    assert "applying" in created.stderr
    (circuit,) = _json(service, "subscriptions", "list", "circuit")
    assert circuit["block"]["isis_metric"] == 20
    run = _json(service, "modify", circuit["description"], "--under-maintenance")
    assert run["subscription"]["block"]["under_maintenance"] is True
    assert _json(service, "runs", "rollback", run["id"])["subscription"]["block"]["under_maintenance"] is False
    assert "Nothing would change." in _run(service, "plan", circuit["id"]).stdout
    tree = _run(service, "subscriptions", "tree", "ams-pe").stdout
    assert "in use by" in tree
    assert "a.node: Core circuit ams-pe:eth1 - par-p:eth1" in tree
    assert "is in use by Core circuit" in _run(service, "terminate", "ams-pe", "--yes", code=3).stderr
    assert _json(service, "terminate", circuit["id"], "--yes")["subscription"]["status"] == "terminated"


def test_drift_has_an_exit_code_of_its_own(service: Service, nodes: None) -> None:
    assert "completed" in _run(service, "validate", "ams-pe").stdout
    (node,) = _json(service, "subscriptions", "list", "ams-pe")
    service.thing(node).write_text("somebody was here\n")
    done = _run(service, "validate", "ams-pe", code=7)
    assert "~ dcim.device ams-pe" in done.stdout
    assert "+hostname ams-pe" in done.stdout
    _run(service, "resync", "ams-pe")
    _run(service, "validate", "ams-pe")


def test_a_run_that_fails_says_why_and_how_to_go_on(service: Service, nodes: None) -> None:
    order = ("create", "node-frr", "--name", "rom-pe", "--site", "ams", "--role", "pe", "--management", "172.20.9.1/24")
    with service.trouble("fail-plan"):
        done = _run(service, *order, code=1)
    assert "site ams does not exist: create it in NetBox first" in done.stderr
    (run,) = _json(service, "runs", "list", "--status", "failed")
    assert f"trunkline runs retry {run['id'][:8]}" in done.stderr
    assert _json(service, "runs", "retry", run["id"][:8])["status"] == "completed"
    assert "rom-pe" in _run(service, "runs", "show", run["id"]).stdout
    assert [
        json.loads(line) for line in _run(service, "runs", "follow", run["id"], "--json", code=1).stdout.splitlines()
    ]


def test_policies_are_set_by_command_and_then_hold(service: Service, nodes: None) -> None:
    _run(service, "policies", "set", "careful", "--target", "modify", "--min-devices", "1", "--approval", "manual")
    assert "targets: modify; min_devices: 1" in _run(service, "policies", "list").stdout
    waiting = _json(service, "modify", "par-p", "--role", "p")
    assert (waiting["status"], waiting["decision"]["policies"]) == ("awaiting-approval", ["careful"])
    rejected = _json(service, "runs", "reject", waiting["id"], "--reason", "not today")
    assert rejected["error"]["detail"] == "Rejected by tests: not today"
    _run(service, "policies", "set", "careful", "--on-failure", "hold")
    assert _json(service, "policies", "show", "careful")["approval"] == "auto"
    with service.trouble("fail-apply-p"):
        assert (
            "trunkline runs retry, rollback or cancel" in _run(service, "modify", "par-p", "--role", "p", code=1).stderr
        )
    (held,) = _json(service, "runs", "list", "--status", "held")
    assert _json(service, "runs", "rollback", held["id"])["status"] == "rolled-back"
    _run(service, "policies", "delete", "careful")
    assert "there is no" in _run(service, "policies", "show", "careful", code=4).stderr.lower()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("create", "no-such-product"), 2, "there is no such product; there are"),
        (("create", "node", "--name", "x"), 2, "--site (text, such as ams); --role"),
        (("create", "node", "--colour", "red"), 2, "there is no such option; there are --name"),
        (("create", "circuit", "--a", "ams-pe", "--z", "par-p:eth1"), 2, "--a: 'ams-pe' must be node:interface"),
        (("create", "circuit", "--a", "ams-pe:eth1", "--z", "xyz:eth1"), 2, "there is no node 'xyz'"),
        (("modify", "ams-pe", "--name", "y"), 2, "input.name: cannot be changed"),
        (("subscriptions", "show", "nobody"), 4, "there is no such subscription"),
        (("runs", "show", "00000000"), 4, "there is no such run"),
        (("runs", "approve", "zzz"), 2, "give a run's id"),
        (("tasks", "start", "nothing"), 4, "there are bootstrap-netbox"),
        (("create", "node", "--nonsense"), 2, "--nonsense"),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(
    service: Service, nodes: None, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = _run(service, *arguments, code=code)
    assert says in done.stderr
    assert done.stdout == ""


def test_a_service_that_is_away_or_a_token_that_opens_nothing(service: Service) -> None:
    assert "check TRUNKLINE_URL" in _run(service, "runs", "list", code=5, TRUNKLINE_URL="http://127.0.0.1:1").stderr
    assert "not known" in _run(service, "runs", "list", code=6, TRUNKLINE_TOKEN="tl_x_y").stderr
    assert "TRUNKLINE_URL is not set" in _run(service, "runs", "list", code=2, TRUNKLINE_URL="").stderr


def test_products_customers_tokens_and_tasks(service: Service, nodes: None) -> None:
    assert "circuit" in _run(service, "products", "list").stdout
    assert "--management" in _run(service, "products", "show", "node-frr").stdout
    assert _json(service, "customers", "create", "uni-a", "University A")["shortcode"] == "uni-a"
    assert _json(service, "customers", "rename", "uni-a", "A")["name"] == "A"
    _run(service, "customers", "delete", "uni-a")
    token = service.call("POST", "/tokens", 201, json={"name": "awx"})
    assert "awx" in _run(service, "tokens", "list").stdout
    _run(service, "tokens", "revoke", token["prefix"])
    assert _run(service, "runs", "list", code=6, TRUNKLINE_TOKEN=token["token"])
    assert _json(service, "tasks", "start", "sync-ports", "--node", "ams-pe")["status"] == "completed"
    assert _json(service, "tasks", "start", "validate-all")["status"] == "completed"
    history = _json(service, "subscriptions", "show", "ams-pe", "--history")
    assert history[0]["after"]["description"] == "Node ams-pe at ams"


def test_a_person_is_asked_shown_the_plan_and_may_say_no(service: Service, nodes: None) -> None:
    answers = ["node", "node-frr", "lon-pe", "ams", "pe", "172.20.20.13/24", "n"]
    shown = _type(service, ["create", answers[0], "--customer", "noc"], answers[1:])
    assert "+hostname lon-pe" in shown
    assert "Apply this plan?" in shown
    assert "nothing was changed" in shown
    assert _json(service, "subscriptions", "list", "lon-pe") == []
    shown = _type(service, ["create", answers[0], "--customer", "noc"], [*answers[1:-1], "y"])
    assert "Node lon-pe at ams: completed" in shown


def test_the_shell_completes_short_words_and_names(service: Service, nodes: None) -> None:
    def complete(line: str, word: int) -> list[str]:
        place = {"COMP_WORDS": line, "COMP_CWORD": str(word)}
        return _run(service, _TRUNKLINE_COMPLETE="complete_bash", **place).stdout.split()  # type: ignore[arg-type]

    assert complete("trunkline create ci", 2) == ["circuit"]
    assert complete("trunkline validate ams", 2) == ["ams-pe"]
    # It looks from which shell it was started.
    asked = ["bash", "-c", f"'{PROGRAM}' --show-completion && exit"]
    assert "_TRUNKLINE_COMPLETE" in subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def test_commands_are_quick(service: Service, nodes: None) -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _run(service, "subscriptions", "list")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # Of the processor, not of the clock: others may be working. `make bench BENCH=api` measures the figure, 0.5 s.
    assert min(took) < 0.8


def _type(service: Service, arguments: list[str], answers: list[str]) -> str:
    """What stands on a terminal when a person answers each question as it comes."""
    client = {name: value for name, value in service.environment.items() if name != "TRUNKLINE_DATABASE_URL"}
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [str(PROGRAM), *arguments], env=client | {"TERM": "dumb"}, stdin=follower, stdout=follower, stderr=follower
    )
    os.close(follower)
    shown, waiting = "", list(answers)
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:  # the program has ended: Linux says so
            break
        if not chunk:
            break
        shown += chunk.decode()
        if waiting and shown.rstrip("\r\n").endswith(": "):
            os.write(leader, f"{waiting.pop(0)}\n".encode())
    process.wait()
    os.close(leader)
    return shown
