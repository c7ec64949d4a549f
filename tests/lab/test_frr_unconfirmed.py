"""A push that nobody confirms is undone by the router itself: running and startup configuration, and the record."""

import time
from collections.abc import Callable
from typing import Any

from tests.lab.frr_network import FOREIGN, Routers, Task, push
from tests.lab.test_frr_config import CIRCUIT, NODE

pytest_plugins = ["tests.lab.frr_routers"]

WORKING_FILES = ("trunkline-unconfirmed.json", "trunkline.lease", "trunkline-commands.conf", "trunkline\n")


def until(condition: Callable[[], bool], timeout_s: float) -> float:
    """Wait until it is true; how many seconds that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, "not within the time"
        time.sleep(0.1)
    return time.monotonic() - started


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
