"""Two runs that touch one router at the same time, from any of the doors, both end up in the configuration."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.lab.frr_network import Routers, Task, push

pytest_plugins = ["tests.lab.frr_routers"]

ORDERS = 50


def test_a_hundred_times_two_doors_push_at_once_and_neither_loses_an_order(routers: Routers) -> None:
    """Fifty times on each of two routers: one order of each door, in any order, while the other is at work."""
    ends = [(router, door) for router in routers.lab.nodes for door in ("eth1", "eth2")]
    for router in routers.lab.nodes:
        routers.lab.exec(router, ["mkdir", "/run/frr/truth"])
        routers.carry(router)

    def walk_through(end: tuple[str, str]) -> list[str]:
        router, door = end
        argv = ["/usr/bin/python3", f"{routers.carry(router)}/frr_doors.py", door, str(ORDERS)]
        return list(json.loads(routers.lab.exec(router, argv, timeout_s=400)))

    with ThreadPoolExecutor(len(ends)) as doors:
        assert list(doors.map(walk_through, ends)) == [[], [], [], []]
    for router in routers.lab.nodes:
        running = routers.running(router)
        assert [running[f"interface {door}"].split("\n")[1] for door in ("eth1", "eth2")] == [
            " description order 49"
        ] * 2
        assert "trunkline-unconfirmed" not in routers.lab.exec(router, ["ls", "/run/frr"])


def test_what_was_rendered_before_another_run_wrote_is_not_pushed_after_it(routers: Routers) -> None:
    """The race of two runs: the slow one has read what must be there before the fast one changed it."""
    slow, fast, late, again = routers.run(
        "ams-pe",
        Task("frr_lease", {"owner": "slow", "ttl_s": 1}),
        Task("frr_lease", {"owner": "fast", "wait_s": 5}),
        push("interface eth1\n description rendered long ago\n", lease="slow", confirm_s=30),
        push("interface eth1\n description of the fast run\n", lease="fast"),
    )
    assert slow["changed"]
    assert fast["changed"]
    assert "the lease of this router is held by 'fast'" in late["msg"]
    assert again["changed"]
    (over,) = routers.run("ams-pe", push("interface eth1\n description rendered long ago\n", lease="slow"))
    assert over["failed"]
    assert "of the fast run" in routers.running("ams-pe")["interface eth1"]
