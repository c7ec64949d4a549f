"""The modules and roles as playbooks use them: ansible-playbook, and the stand-in's real socket."""

import contextlib
import json
import os
import signal
from typing import Any

import psutil

from tests.srlinux.conftest import NOTHING, ROOT, Controller, config, eventually, foreign_of, intent, notes, served
from tests.srlinux.stand_in import PASSWORD, Fault, StandIn
from tests.srlinux.stand_in_models import canonical, check

TEMPLATE = str(ROOT / "collections/ansible_collections/trunkline/network/roles/deploy/templates/srlinux.json.j2")


def deploy(**arguments: Any) -> dict[str, Any]:
    return {"trunkline.network.srlinux_deploy": {"intent": intent(), "template": TEMPLATE} | arguments}


def configure(**arguments: Any) -> dict[str, Any]:
    return {"trunkline.network.srlinux_config": {"config": config()} | arguments}


def verify(**arguments: Any) -> dict[str, Any]:
    proofs = "{{ intent | trunkline.network.proofs(['ethernet-1/1']) }}"
    arguments = {"interfaces": "{{ proofs.interfaces }}", "pings": "{{ proofs.pings }}"} | arguments
    return {"trunkline.network.srlinux_verify": arguments, "vars": {"proofs": proofs, "intent": intent()}}


def lease(**arguments: Any) -> dict[str, Any]:
    return {"trunkline.network.srlinux_lease": {"owner": "run 7f3c"} | arguments}


def test_what_is_rendered_is_valid_in_nokia_s_models_and_its_second_push_is_empty(
    controller: Controller, stand_in: StandIn
) -> None:
    before = foreign_of(stand_in.store.running)
    maintained = intent(metric=15000000, interfaces=("ethernet-1/2", "ethernet-1/1"))
    wanted = [intent(interfaces=()), intent(), served(), maintained, NOTHING]
    results = controller.run([deploy(intent=one) for one in wanted for _twice in range(2)])["ams-pe"]
    for first, second in zip(results[::2], results[1::2], strict=True):
        assert first["changed"], first
        # The prefixes of modules are there, as RFC 7951 wants them.
        assert canonical(None, first["config"]) == first["config"]
        check(first["config"], semantics=True)
        assert not second["changed"]
        assert second["diff"]["prepared"] == ""
    assert foreign_of(stand_in.store.running) == before


def test_a_plan_is_what_the_push_does_then_it_is_proved_then_removed(controller: Controller, stand_in: StandIn) -> None:
    before = foreign_of(stand_in.store.running)
    stand_in.adjacencies = {"ethernet-1/1": ("up", "par-p")}
    stand_in.answering = {"10.0.1.1", "fc00:0:1:1::1", "10.0.127.3", "fc00:0:0:127::3"}
    maintenance = deploy(intent=intent(metric=15000000))
    tasks = [deploy() | {"check_mode": True}, deploy(), verify(timeout_s=20), maintenance, deploy(intent=NOTHING)]
    planned, done, proved, moved, removed = controller.run(tasks, "--diff", "-vvvv")["ams-pe"]
    assert stand_in.methods()[:5] == ["get", "diff", "validate", "get", "diff"]
    assert PASSWORD not in controller.said
    assert '+         description "TL-0 to par-p:eth1"' in controller.said
    assert done["diff"] == planned["diff"]
    assert done["saved"]
    assert [one["seconds"] is not None for one in proved["checks"]] == [True] * 9
    changes = [line.split() for line in moved["diff"]["prepared"].splitlines() if line[0] in "+-"]
    assert changes == [["-", "metric", "10"], ["+", "metric", "15000000"]]
    assert removed["changed"]
    assert removed["owned"] == notes(stand_in) == []
    assert foreign_of(stand_in.store.running) == before
    assert stand_in.store.running["srl_nokia-system:system"]["srl_nokia-system-name:name"] == {"host-name": "ams-pe"}


def test_what_does_not_work_is_said_with_router_interface_expected_and_found(
    controller: Controller, stand_in: StandIn
) -> None:
    stand_in.adjacencies = {"ethernet-1/1": ("up", "lon-pe")}
    stand_in.down = {"system0"}
    _done, failed = controller.run([deploy(), verify(timeout_s=1)])["ams-pe"]
    said = failed["msg"]
    assert "ams-pe ethernet-1/1: IS-IS adjacency expected Up with par-p, found Up with lon-pe" in said
    assert "ams-pe system0: address expected 10.0.127.2/32, found the subinterface down" in said
    assert "ams-pe 10.0.127.2: ping, answer from expected 10.0.127.3, found " in said
    assert "ams-pe ethernet-1/1: address" not in said
    assert failed["seconds"] < 10


def test_who_cannot_log_in_is_told_so_without_the_password(controller: Controller) -> None:
    tasks = [configure(), configure() | {"vars": {"ansible_user": ""}}]
    wrong, missing = controller.run(tasks, "-vvvv", ansible_password="wrong-and-secret")["ams-pe"]
    assert "user 'admin' is refused (HTTP 401); check device_user and device_password" in wrong["msg"]
    assert "wrong-and-secret" not in controller.said
    assert "device_user is not given; set it, ansible_user or TRUNKLINE_SRLINUX_USER" in missing["msg"]


def test_a_router_that_is_away_does_not_hold_up_the_others(controller: Controller, stand_in: StandIn) -> None:
    class Away:
        port = 1

    both = Controller(controller.folder, {"ams-pe": stand_in, "lon-pe": Away()})  # type: ignore[dict-item]
    results = both.run([configure()])
    assert "lon-pe: https://127.0.0.1:1/jsonrpc cannot be reached" in results["lon-pe"][0]["msg"]
    assert results["ams-pe"][0]["changed"]


def test_a_rejected_path_is_told(controller: Controller, stand_in: StandIn) -> None:
    entries = [{"name": "ethernet-1/1", "no-such": 1}], [{"mtu": 9000}]
    refused, nameless = controller.run([configure(config={"interface": one}) for one in entries])["ams-pe"]
    assert "Path not valid - unknown element 'no-such'. Options are [" in refused["msg"]
    assert "(at /interface[name=ethernet-1/1])" in refused["msg"]
    assert "config: an entry of the list interface has no name; give it one" in nameless["msg"]
    assert stand_in.store.commits == 0


def test_a_controller_that_is_killed_in_the_middle_of_a_push_leaves_nothing(
    controller: Controller, stand_in: StandIn
) -> None:
    before = foreign_of(stand_in.store.running)
    stand_in.faults.append(Fault("push", hang_s=5))
    process = controller.start([lease(ttl_s=15), configure(lease="run 7f3c", confirm_s=3)])
    try:
        eventually(lambda: stand_in.store.pending and "ethernet-1/1.0" in json.dumps(stand_in.store.running), 60)
    finally:
        for pid in _family(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=10)
    assert eventually(lambda: not stand_in.store.pending, 5) <= 3.5
    assert foreign_of(stand_in.store.running) == before
    assert "ethernet-1/1.0" not in json.dumps(stand_in.store.running)
    # The dead run's lease is over 15 s after it was taken, and another run need not be told.
    (after,) = controller.run([configure(lease_wait_s=40)])["ams-pe"]
    assert after["changed"], after
    assert stand_in.store.startup == stand_in.store.running


def test_a_push_under_a_lease_waits_and_is_kept_or_taken_back(controller: Controller, stand_in: StandIn) -> None:
    pushed, confirmed = configure(lease="run 7f3c", confirm_s=60), lease(state="confirmed")
    unconfirmed = configure() | {"check_mode": True}
    tasks = [lease(), pushed, lease(state="absent"), unconfirmed, confirmed, lease(), pushed, confirmed, unconfirmed]
    _taken, waiting, gone, absent, late, _again, _pushed, kept, present = controller.run(tasks)["ams-pe"]
    assert waiting["unconfirmed"]
    assert not waiting["saved"]
    assert gone["changed"]
    assert absent["changed"], "the change is still there"
    assert "nothing of 'run 7f3c' waits to be confirmed" in late["msg"]
    assert kept["changed"], kept
    assert not present["changed"]
    assert not stand_in.store.pending
    assert stand_in.store.startup == stand_in.store.running
    assert not [note for note in notes(stand_in) if "owns" not in note]


def _family(pid: int) -> list[int]:
    parent = psutil.Process(pid)
    return [pid, *(child.pid for child in parent.children(recursive=True))]
