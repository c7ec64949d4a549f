"""The roles deploy and verify over ssh, as playbooks use them: two routers, one circuit."""

import json
import subprocess
from typing import Any

import psutil

from tests.lab.frr_network import Routers, Task, intent, push, until

pytest_plugins = ["tests.lab.frr_routers"]

BOTH = {name: {"deploy_intent": intent(name), "verify_interfaces": ["eth1"]} for name in ("ams-pe", "par-p")}


def role(name: str, **options: str) -> dict[str, Any]:
    return {"import_role": {"name": f"trunkline.network.{name}", **options}}


def plays(routers: Routers, *names: str, hosts: str = "ams-pe:par-p") -> list[dict[str, Any]]:
    """A play with these roles, on all hosts or none; each host's facts of interest are put into a file."""
    shown = {
        "diff": "{{ deploy_result.diff.prepared | default('') }}",
        "checks": "{{ verify_result.checks | default([]) }}",
    }
    keep = {
        "ansible.builtin.copy": {
            "content": "{{ shown | to_json }}",
            "dest": f"{routers.folder}/facts-{{{{ inventory_hostname }}}}.json",
            "mode": "0600",
        },
        "vars": {"shown": shown},
        "delegate_to": "localhost",
        "check_mode": False,
        "diff": False,
        "changed_when": False,
    }
    parts = [role(name) for name in names]
    block = {
        "block": [*parts, keep, role("deploy", tasks_from="confirm")],
        "rescue": [role("deploy", tasks_from="undo")],
    }
    return [{"hosts": hosts, "gather_facts": False, "any_errors_fatal": True, "tasks": [block]}]


def facts(routers: Routers, name: str) -> dict[str, Any]:
    return dict(json.loads((routers.folder / f"facts-{name}.json").read_text()))


def leases(routers: Routers) -> str:
    return "".join(routers.lab.exec(name, ["ls", "/run/frr"]) for name in routers.lab.nodes)


def words(done: subprocess.CompletedProcess[str]) -> str:
    """What a playbook said, without its line breaks."""
    return " ".join((done.stdout + done.stderr).split())


def test_a_circuit_is_planned_deployed_proved_and_then_left_alone(routers: Routers) -> None:
    before = {name: routers.running(name) for name in BOTH}

    plan = routers.play(plays(routers, "deploy", "verify"), "--check", "--diff", variables=BOTH)
    assert plan.returncode == 0, plan.stdout
    assert {name: routers.running(name) for name in BOTH} == before
    planned = {name: facts(routers, name)["diff"] for name in BOTH}

    first = routers.play(plays(routers, "deploy", "verify"), variables=BOTH)
    assert first.returncode == 0, first.stdout
    assert first.stdout.count("changed=1") == 2
    assert planned == {name: facts(routers, name)["diff"] for name in BOTH}
    assert all("+interface eth1\n" in diff and "+ isis network point-to-point\n" in diff for diff in planned.values())
    proved = {(check["kind"], check["subject"]) for check in facts(routers, "ams-pe")["checks"]}
    assert {("adjacency", "eth1"), ("ping", "10.0.127.2"), ("ping", "fc00:0:0:127::2")} <= proved

    second = routers.play(plays(routers, "deploy", "verify"), variables=BOTH)
    assert second.returncode == 0, second.stdout
    assert second.stdout.count("changed=0") == 2
    assert "trunkline.lease" not in leases(routers)


def test_a_circuit_that_does_not_work_is_said_with_router_interface_expected_and_found(routers: Routers) -> None:
    alone = {"ams-pe": BOTH["ams-pe"] | {"verify_timeout_s": 1}}
    failed = routers.play(plays(routers, "deploy", "verify", hosts="ams-pe"), variables=alone)
    assert failed.returncode != 0
    sentences = " ".join(failed.stdout.split())
    assert "ams-pe eth1: IS-IS adjacency expected Up with par-p, found none" in sentences
    assert "ams-pe 10.0.127.2: ping, answer from expected 10.0.127.3, found" in sentences
    assert "ams-pe lo" not in sentences


def test_a_router_that_refuses_takes_back_what_the_other_had_accepted(routers: Routers) -> None:
    routers.run("ams-pe", push("interface eth1\n description from before\n"))
    before = {name: (routers.running(name), routers.startup(name)) for name in BOTH}
    wrong = intent("par-p")
    wrong["isis"]["net"] = "49.0001.zzzz.00"
    refused = routers.play(plays(routers, "deploy", "verify"), variables=BOTH | {"par-p": {"deploy_intent": wrong}})
    assert refused.returncode != 0
    said = words(refused)
    assert "par-p: FRR refused router isis CORE: 'net 49.0001.zzzz.00' (Unsatisfied pattern - " in said, said
    assert "Routers and NetBox are left as they were" in said
    assert {name: (routers.running(name), routers.startup(name)) for name in BOTH} == before
    assert routers.record("ams-pe") == ["interface eth1"]
    assert "trunkline.lease" not in leases(routers)
    assert "trunkline-unconfirmed" not in leases(routers)


def test_a_router_that_does_not_answer_leaves_the_other_as_it_is(routers: Routers) -> None:
    variables = {"ams-pe": BOTH["ams-pe"], "nowhere": BOTH["par-p"]}
    failed = routers.play(plays(routers, "deploy", hosts="ams-pe:nowhere"), variables=variables)
    assert failed.returncode != 0
    assert failed.stdout.count("unreachable=1") == 1
    assert "another router did not answer. Routers and NetBox are left as they were" in words(failed)
    assert "interface eth1" not in routers.running("ams-pe")
    assert "trunkline.lease" not in leases(routers)


def test_a_router_that_another_run_holds_is_not_touched(routers: Routers) -> None:
    routers.run("ams-pe", Task("frr_lease", {"owner": "run 7f3c"}))
    variables = {"ams-pe": BOTH["ams-pe"] | {"deploy_lease_wait_s": 0}}
    refused = routers.play(plays(routers, "deploy", hosts="ams-pe"), variables=variables)
    assert refused.returncode != 0
    assert "the lease of this router is held by 'run 7f3c' for another" in " ".join(
        refused.stdout.replace("''", "'").split()
    )
    assert "interface eth1" not in routers.running("ams-pe")
    assert "trunkline.lease" in leases(routers)


def test_what_is_no_longer_intended_is_removed_and_then_nothing_is_left_to_prove(routers: Routers) -> None:
    routers.play(plays(routers, "deploy"), variables=BOTH)
    gone = intent("ams-pe") | {"loopback": None, "isis": None, "circuits": []}
    removed = routers.play(
        plays(routers, "deploy", "verify", hosts="ams-pe"), variables={"ams-pe": {"deploy_intent": gone}}
    )
    assert removed.returncode == 0, removed.stdout
    assert not {"interface eth1", "interface lo", "router isis CORE"} & set(routers.running("ams-pe"))
    assert "interface eth1" in routers.running("par-p")


def test_a_controller_that_is_killed_in_the_middle_of_a_push_leaves_both_routers_as_they_were(routers: Routers) -> None:
    before = {name: (routers.running(name), routers.startup(name)) for name in BOTH}
    variables = {name: one | {"deploy_confirm_s": 4} for name, one in BOTH.items()}
    playbook = routers.start(plays(routers, "deploy", "verify"), variables=variables)
    until(lambda: "trunkline-unconfirmed" in leases(routers), 60)
    controller = psutil.Process(playbook.pid)
    for process in (*controller.children(recursive=True), controller):
        process.kill()
    playbook.communicate()
    until(lambda: "trunkline-unconfirmed" not in leases(routers), 30)
    assert {name: (routers.running(name), routers.startup(name)) for name in BOTH} == before
    assert "trunkline.lease" not in leases(routers)


def test_a_push_that_cuts_its_own_management_path_is_undone_by_the_router(routers: Routers) -> None:
    before = routers.running("ams-pe"), routers.startup("ams-pe")
    tasks = [
        {"trunkline.network.frr_lease": {"owner": "run 1"}},
        {
            "trunkline.network.frr_config": {
                "config": "interface eth0\n shutdown\n",
                "lease": "run 1",
                "confirm_s": 4,
            }
        },
        {"trunkline.network.frr_lease": {"owner": "run 1", "state": "confirmed"}},
    ]
    playbook = routers.start([{"hosts": "ams-pe", "gather_facts": False, "tasks": tasks}])
    until(lambda: "shutdown" in routers.running("ams-pe").get("interface eth0", ""), 60)
    assert "state DOWN" in routers.lab.exec("ams-pe", ["ip", "link", "show", "eth0"])
    until(lambda: (routers.running("ams-pe"), routers.startup("ams-pe")) == before, 20)
    out, _err = playbook.communicate(timeout=100)
    assert playbook.returncode != 0
    assert "lease 'run 1' is over, and what it had not confirmed is undone" in " ".join(out.replace("''", "'").split())


def test_two_runs_that_want_both_routers_do_not_wait_for_each_other_for_ever(routers: Routers) -> None:
    """A third one holds a router: both must take the routers in turn, and both get them."""
    routers.run("par-p", Task("frr_lease", {"owner": "run 3", "ttl_s": 120}))
    variables = {name: {"deploy_intent": intent(name)} for name in BOTH}
    runs = [routers.start(plays(routers, "deploy"), variables=variables) for _run in range(2)]
    until(lambda: "trunkline.lease" in routers.lab.exec("ams-pe", ["ls", "/run/frr"]), 60)
    routers.run("par-p", Task("frr_lease", {"owner": "run 3", "state": "absent"}))
    outputs = [run.communicate(timeout=200)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert any("Take the routers one after the other" in out for out in outputs)
    assert "interface eth1" in routers.running("ams-pe")
    assert "trunkline.lease" not in leases(routers)
