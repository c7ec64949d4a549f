"""The modules and roles as playbooks use them: ansible-playbook, and the stand-in's real socket."""

import json
import os
import signal
from typing import Any

import pytest

from tests.srlinux.conftest import NOTHING, Controller, config, eventually, foreign_of, intent, notes
from tests.srlinux.stand_in import PASSWORD, Fault, StandIn
from tests.srlinux.stand_in_models import canonical, check


def deploy(**arguments: Any) -> dict[str, Any]:
    return {"trunkline.network.srlinux_deploy": {"intent": intent(), "template": TEMPLATE} | arguments}


def configure(**arguments: Any) -> dict[str, Any]:
    return {"trunkline.network.srlinux_config": {"config": config()} | arguments}


def verify(**arguments: Any) -> dict[str, Any]:
    proofs = "{{ intent | trunkline.network.proofs(['ethernet-1/1']) }}"
    arguments = {"interfaces": "{{ proofs.interfaces }}", "pings": "{{ proofs.pings }}"} | arguments
    return {"trunkline.network.srlinux_verify": arguments, "vars": {"proofs": proofs, "intent": intent()}}


TEMPLATE = "collections/ansible_collections/trunkline/network/roles/deploy/templates/srlinux.json.j2"
TEMPLATE = os.path.abspath(TEMPLATE)  # noqa: PTH100 - pytest runs in the project's folder


@pytest.mark.parametrize(
    "wanted",
    [
        intent(interfaces=()),
        intent(),
        intent(metric=15000000, interfaces=("ethernet-1/2", "ethernet-1/1")),
        NOTHING,
    ],
    ids=["node", "circuit", "maintenance", "nothing"],
)
def test_what_is_rendered_is_valid_in_nokia_s_models_and_its_second_push_is_empty(
    wanted: dict[str, Any], controller: Controller, stand_in: StandIn
) -> None:
    before = foreign_of(stand_in.store.running)
    results, said = controller.run([deploy(intent=wanted, lease_wait_s=5)], "--diff")
    assert not results["ams-pe"].get("failed"), said
    rendered = results["ams-pe"]["config"]
    # The prefixes of modules are there, as RFC 7951 wants them.
    assert canonical(None, rendered) == rendered
    check(rendered, semantics=True)
    assert results["ams-pe"]["changed"] == bool(wanted["loopback"])
    again, _said = controller.run([deploy(intent=wanted)])
    assert not again["ams-pe"]["changed"]
    assert again["ams-pe"]["diff"]["prepared"] == ""
    assert foreign_of(stand_in.store.running) == before


def test_a_plan_is_what_the_push_does_then_it_is_proved_then_removed(controller: Controller, stand_in: StandIn) -> None:
    before = foreign_of(stand_in.store.running)
    planned, said = controller.run([deploy()], "--check", "--diff", "-vvvv")
    assert stand_in.store.commits == 0
    assert PASSWORD not in said
    done, said = controller.run([deploy()], "--diff", "-vvvv")
    assert PASSWORD not in said
    assert '+         description "TL-0 to par-p:eth1"' in said
    assert done["ams-pe"]["diff"] == planned["ams-pe"]["diff"]
    assert done["ams-pe"]["saved"]
    assert stand_in.store.running["srl_nokia-system:system"]["srl_nokia-system-name:name"] == {"host-name": "ams-pe"}

    stand_in.adjacencies = {"ethernet-1/1": ("up", "par-p")}
    stand_in.answering = {"10.0.1.1", "fc00:0:1:1::1", "10.0.127.3", "fc00:0:0:127::3"}
    proved, _said = controller.run([verify(timeout_s=10)])
    assert [one["seconds"] is not None for one in proved["ams-pe"]["checks"]] == [True] * 9

    maintained, _said = controller.run([deploy(intent=intent(metric=15000000))])
    changes = [line for line in maintained["ams-pe"]["diff"]["prepared"].splitlines() if line[0] in "+-"]
    assert [change.split() for change in changes] == [["-", "metric", "10"], ["+", "metric", "15000000"]]

    removed, _said = controller.run([deploy(intent=NOTHING)])
    assert removed["ams-pe"]["changed"]
    assert removed["ams-pe"]["owned"] == notes(stand_in) == []
    assert foreign_of(stand_in.store.running) == before


def test_what_does_not_work_is_said_with_router_interface_expected_and_found(
    controller: Controller, stand_in: StandIn
) -> None:
    controller.run([deploy()])
    stand_in.adjacencies = {"ethernet-1/1": ("up", "lon-pe")}
    stand_in.down = {"system0"}
    failed, _said = controller.run([verify(timeout_s=1)])
    said = failed["ams-pe"]["msg"]
    assert "ams-pe ethernet-1/1: IS-IS adjacency expected Up with par-p, found Up with lon-pe" in said
    assert "ams-pe system0: address expected 10.0.127.2/32, found the subinterface down" in said
    assert "ams-pe 10.0.127.2: ping, answer from expected 10.0.127.3, found 1 packets transmitted, 0 received" in said
    assert "ams-pe ethernet-1/1: address" not in said
    assert failed["ams-pe"]["seconds"] < 10


def test_who_cannot_log_in_is_told_so_without_the_password(controller: Controller) -> None:
    wrong, said = controller.run([configure()], "-vvvv", ansible_password="wrong-and-secret")
    assert wrong["ams-pe"]["failed"]
    assert "user 'admin' is refused (HTTP 401); check device_user and device_password" in wrong["ams-pe"]["msg"]
    assert "wrong-and-secret" not in said.replace("play.json", "")
    missing, _said = controller.run([configure()], ansible_user="")
    assert "device_user is not given; set it, ansible_user or TRUNKLINE_SRLINUX_USER" in missing["ams-pe"]["msg"]


def test_a_router_that_is_away_does_not_hold_up_the_others(controller: Controller, stand_in: StandIn) -> None:
    class Away:
        port = 1

    both = Controller(controller.folder, {"ams-pe": stand_in, "lon-pe": Away()})  # type: ignore[dict-item]
    results, _said = both.run([configure()])
    assert "lon-pe: https://127.0.0.1:1/jsonrpc cannot be reached" in results["lon-pe"]["msg"]
    assert results["ams-pe"]["changed"]


def test_a_rejected_path_is_told(controller: Controller, stand_in: StandIn) -> None:
    refused, _said = controller.run([configure(config={"interface": [{"name": "ethernet-1/1", "no-such": 1}]})])
    assert "Path not valid - unknown element 'no-such'. Options are [" in refused["ams-pe"]["msg"]
    assert "(at /interface[name=ethernet-1/1])" in refused["ams-pe"]["msg"]
    assert stand_in.store.commits == 0
    nameless, _said = controller.run([configure(config={"interface": [{"mtu": 9000}]})])
    assert "config: an entry of the list interface has no name; give it one" in nameless["ams-pe"]["msg"]


def test_a_controller_that_is_killed_in_the_middle_of_a_push_leaves_nothing(
    controller: Controller, stand_in: StandIn
) -> None:
    before = foreign_of(stand_in.store.running)
    stand_in.faults.append(Fault("push", hang_s=5))
    taken = {"trunkline.network.srlinux_lease": {"owner": "run 7f3c", "ttl_s": 5}}
    process = controller.start([taken, configure(lease="run 7f3c", confirm_s=3)])
    eventually(lambda: stand_in.store.pending, 30)
    assert "ethernet-1/1.0" in json.dumps(stand_in.store.running)
    for pid in _family(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert eventually(lambda: not stand_in.store.pending, 5) <= 3.5
    assert foreign_of(stand_in.store.running) == before
    assert "ethernet-1/1.0" not in json.dumps(stand_in.store.running)
    after, _said = controller.run([configure(lease_wait_s=20)])
    assert after["ams-pe"]["changed"]
    assert stand_in.store.startup == stand_in.store.running


def test_a_push_under_a_lease_waits_and_is_kept_or_taken_back(controller: Controller, stand_in: StandIn) -> None:
    taken = {"trunkline.network.srlinux_lease": {"owner": "run 7f3c"}}
    pushed = configure(lease="run 7f3c", confirm_s=60)
    waiting, _said = controller.run([taken, pushed])
    assert waiting["ams-pe"]["unconfirmed"]
    assert stand_in.store.pending
    gone, _said = controller.run([{"trunkline.network.srlinux_lease": {"owner": "run 7f3c", "state": "absent"}}])
    assert gone["ams-pe"]["changed"]
    assert not stand_in.store.pending
    assert "ethernet-1/1.0" not in json.dumps(stand_in.store.running)
    late, _said = controller.run([{"trunkline.network.srlinux_lease": {"owner": "run 7f3c", "state": "confirmed"}}])
    assert "nothing of 'run 7f3c' waits to be confirmed" in late["ams-pe"]["msg"]
    kept, _said = controller.run(
        [taken, pushed, {"trunkline.network.srlinux_lease": {"owner": "run 7f3c", "state": "confirmed"}}]
    )
    assert kept["ams-pe"]["changed"]
    assert not stand_in.store.pending
    assert "ethernet-1/1.0" in json.dumps(stand_in.store.startup)
    assert stand_in.store.startup == stand_in.store.running
    assert not [note for note in notes(stand_in) if "owns" not in note]


def _family(pid: int) -> list[int]:
    import psutil  # noqa: PLC0415

    parent = psutil.Process(pid)
    return [pid, *(child.pid for child in parent.children(recursive=True))]
