"""A push that nobody confirms is undone by the router itself: running and startup configuration, and the record."""

import json
from typing import Any

from tests.lab.frr_network import FOREIGN, Routers, Task, push, until
from tests.lab.test_frr_config import CIRCUIT, NODE

pytest_plugins = ["tests.lab.frr_routers"]

WORKING_FILES = ("trunkline-unconfirmed.json", "trunkline.lease", "trunkline-commands.conf", "trunkline\n")


def take(owner: str = "run 1") -> Task:
    return Task("frr_lease", {"owner": owner, "wait_s": 0})


def confirm(owner: str = "run 1") -> Task:
    return Task("frr_lease", {"owner": owner, "state": "confirmed"})


def give_back(owner: str = "run 1") -> Task:
    return Task("frr_lease", {"owner": owner, "state": "absent"})


def unconfirmed(config: str, confirm_s: int, owner: str = "run 1", **arguments: Any) -> Task:
    return push(config, lease=owner, confirm_s=confirm_s, **arguments)


def files(routers: Routers) -> str:
    return routers.lab.exec("ams-pe", ["ls", "/run/frr"])


def everything(routers: Routers) -> tuple[dict[str, str], str, str]:
    """Running configuration, startup file, record: what a push may change."""
    return (
        routers.running("ams-pe"),
        routers.startup("ams-pe"),
        routers.lab.exec("ams-pe", ["sh", "-c", "cat /etc/frr/trunkline.json; stat -c '%U:%G %a' /etc/frr/frr.conf"]),
    )


def test_what_is_confirmed_stays_and_the_timer_ends(routers: Routers) -> None:
    routers.configure("ams-pe", FOREIGN)
    routers.run("ams-pe", push(NODE))
    before = everything(routers)

    _taken, pushed = routers.run("ams-pe", take(), unconfirmed(CIRCUIT + NODE, 60))
    assert pushed["unconfirmed"]
    assert "interface eth1" in routers.running("ams-pe")
    assert everything(routers)[1:] == before[1:], "saved before anybody confirmed it"

    (confirmed,) = routers.run("ams-pe", confirm())
    assert confirmed["changed"]
    after = everything(routers)
    assert routers.record("ams-pe") == ["interface eth1", "interface lo", "router isis CORE"]
    assert "ip address 10.0.1.0/31" in routers.startup("ams-pe")
    until(lambda: "frr_run_modules" not in routers.lab.exec("ams-pe", ["ps", "-ef"]), 3)
    assert everything(routers) == after
    assert not [name for name in WORKING_FILES if name in files(routers)]


def test_what_nobody_confirms_is_undone_within_the_seconds_that_were_said(routers: Routers) -> None:
    routers.configure("ams-pe", FOREIGN)
    routers.run("ams-pe", push(NODE))
    before = everything(routers)

    changed = NODE.replace("interface lo\n", "interface lo\n description changed\n")
    routers.run("ams-pe", take(), unconfirmed(CIRCUIT + changed, 2))
    routers.configure("ams-pe", "interface eth2\n description changed meanwhile")
    assert "interface eth1" in routers.running("ams-pe")
    took = until(lambda: "interface eth1" not in routers.running("ams-pe"), 5)
    until(lambda: "trunkline-unconfirmed" not in files(routers), 2)
    assert took < 4
    running, *rest = everything(routers)
    # What somebody else changed meanwhile is his.
    assert running.pop("interface eth2") == before[0]["interface eth2"].replace("Somebody else's", "changed meanwhile")
    assert running == {header: text for header, text in before[0].items() if header != "interface eth2"}
    assert rest == list(before[1:])
    (late,) = routers.run("ams-pe", confirm())
    assert "lease 'run 1' is over, and what it had not confirmed is undone" in late["msg"]
    assert not [name for name in WORKING_FILES if name in files(routers)]


def test_a_push_that_is_killed_half_way_is_undone_at_once(routers: Routers) -> None:
    routers.configure("ams-pe", FOREIGN)
    routers.run("ams-pe", push(NODE))
    before = everything(routers)
    calls = json.dumps([["frr_config", {"config": CIRCUIT + NODE}]])
    killed = f"""
        cd {routers.carry("ams-pe")}
        /usr/bin/python3 frr_run_modules.py '{calls}' & module=$!
        until [ -e /run/frr/trunkline-commands.conf ]; do kill -0 $module || exit 1; done
        kill -9 $module
    """
    routers.lab.exec("ams-pe", ["sh", "-c", killed])
    assert until(lambda: "trunkline-unconfirmed" not in files(routers), 15) < 12
    assert everything(routers) == before
    (after,) = routers.run("ams-pe", push(CIRCUIT + NODE))
    assert after["changed"]


def test_what_no_guard_has_undone_is_undone_by_the_next_run(routers: Routers) -> None:
    """As after a router's container was stopped: the file is there, the process is not."""
    routers.run("ams-pe", push(NODE))
    before = everything(routers)
    routers.run("ams-pe", take(), unconfirmed(CIRCUIT + NODE, 3))
    routers.lab.exec("ams-pe", ["pkill", "-9", "-f", "frr_run_modules"])
    planned, taken, given_back = routers.run(
        "ams-pe",
        Task("frr_lease", {"owner": "run 2"}, check=True),
        Task("frr_lease", {"owner": "run 2", "wait_s": 20}),
        give_back("run 2"),
    )
    assert "held by 'run 1'" in planned["msg"]
    assert taken["lease"]["owner"] == "run 2"
    assert not given_back["undone"]
    assert everything(routers) == before


def test_a_later_push_is_never_undone_by_the_timer_of_an_earlier_one(routers: Routers) -> None:
    _taken, _pushed, undone, *later = routers.run(
        "ams-pe",
        take(),
        unconfirmed(CIRCUIT, 2),
        give_back(),
        take("run 2"),
        unconfirmed(NODE, 30, "run 2"),
        confirm("run 2"),
    )
    assert undone["undone"]
    assert not any(one.get("failed") for one in later)
    until(lambda: "frr_run_modules" not in routers.lab.exec("ams-pe", ["ps", "-ef"]), 5)
    assert set(routers.record("ams-pe")) == {"interface lo", "router isis CORE"}
    assert "interface eth1" not in routers.running("ams-pe")
    assert "interface lo" in routers.running("ams-pe")


def test_two_pushes_of_one_run_are_undone_together(routers: Routers) -> None:
    """As when a run was taken over by another worker: it pushes again under the same name."""
    routers.run("ams-pe", push("interface eth2\n description before\n"))
    before = everything(routers)
    *_pushed, undone = routers.run("ams-pe", take(), unconfirmed(CIRCUIT, 60), unconfirmed(NODE, 60), give_back())
    assert undone["undone"]
    assert everything(routers) == before


def test_a_router_that_could_not_keep_a_configuration_is_not_given_one(routers: Routers) -> None:
    before = routers.running("ams-pe")
    routers.lab.exec("ams-pe", ["mount", "-o", "remount,bind,ro", "/etc/frr"])
    (refused,) = routers.run("ams-pe", push(CIRCUIT))
    routers.lab.exec("ams-pe", ["mount", "-o", "remount,bind,rw", "/etc/frr"])
    assert "ams-pe: /etc/frr cannot be written (Read-only file system)" in refused["msg"]
    assert routers.running("ams-pe") == before
