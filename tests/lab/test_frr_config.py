"""frr_config on a real router: only what is ours, all or nothing, and in the router's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.frr_network import FOREIGN, Routers, Task, push

pytest_plugins = ["tests.lab.frr_routers"]

CIRCUIT = """\
interface eth1
 description core-1 to par-p
 ip address 10.0.1.0/31
 ip router isis CORE
 ipv6 address fc00:0:1::/127
 ipv6 router isis CORE
 isis circuit-type level-2-only
 isis network point-to-point
"""
NODE = """\
interface lo
 ip address 10.0.127.2/32
 ip router isis CORE
 ipv6 address fc00:0:0:127::2/128
 ipv6 router isis CORE
 isis passive
router isis CORE
 is-type level-2-only
 net 49.0001.0100.0012.7002.00
 lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200
"""
OURS = ["interface eth1", "interface lo", "router isis CORE"]


def test_a_plan_shows_what_the_push_does_and_the_second_push_is_empty(routers: Routers) -> None:
    plan, first, second = routers.run(
        "ams-pe", push(CIRCUIT + NODE, check=True), push(CIRCUIT + NODE), push(CIRCUIT + NODE)
    )

    assert plan["changed"]
    assert first["changed"]
    assert plan["diff"]["prepared"] == first["diff"]["prepared"]
    assert first["diff"]["prepared"].count("\n+") == 19
    assert not second["changed"]
    assert second["diff"]["prepared"] == ""
    running = routers.running("ams-pe")
    assert running["interface eth1"] == CIRCUIT + "exit\n!\n"
    assert all(running[header] in routers.startup("ams-pe") for header in OURS)
    assert routers.record("ams-pe") == OURS
    assert "trunkline-" not in routers.lab.exec("ams-pe", ["ls", "/run/frr"])


def test_another_spelling_of_the_same_is_no_change(routers: Routers) -> None:
    written_otherwise = (
        (CIRCUIT + NODE)
        .replace("fc00:0:1::/127", "FC00:0000:0001:0::/127")
        .replace(" isis network", " isis metric 10\n isis network")
        .replace(" is-type", " metric-style wide\n spf-interval 1\n is-type")
        .replace("lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200", "lsp-gen-interval 1")
    )
    first, second = routers.run("ams-pe", push(CIRCUIT + NODE), push(written_otherwise))
    assert first["changed"]
    assert not second["changed"]


def test_foreign_configuration_survives_every_push_byte_for_byte(routers: Routers) -> None:
    routers.configure("ams-pe", FOREIGN)
    before = routers.running("ams-pe")

    created, changed, without_circuit, emptied, again = routers.run(
        "ams-pe",
        push(CIRCUIT + NODE),
        push(CIRCUIT.replace(" isis network", " isis metric 15000000\n isis network") + NODE),
        push(NODE),
        push(""),
        push(""),
    )

    assert changed["diff"]["prepared"].splitlines()[2:] == [
        "@@ -1,8 +1,9 @@ interface eth1",
        " interface eth1",
        "  description core-1 to par-p",
        "  ip address 10.0.1.0/31",
        "  ip router isis CORE",
        "  ipv6 address fc00:0:1::/127",
        "  ipv6 router isis CORE",
        "  isis circuit-type level-2-only",
        "+ isis metric 15000000",
        "  isis network point-to-point",
    ]
    assert [line for line in without_circuit["diff"]["prepared"].splitlines() if "@@" in line] == [
        "@@ -1,9 +0,0 @@ interface eth1"
    ]
    assert [created["changed"], without_circuit["changed"], emptied["changed"], again["changed"]] == [
        True,
        True,
        True,
        False,
    ]
    assert "not-to-be-shown" not in "".join(str(one) for one in (created, changed, without_circuit, emptied))
    assert routers.running("ams-pe") == before
    assert "router isis CORE" not in routers.startup("ams-pe")
    assert routers.record("ams-pe") == []


def test_a_line_that_somebody_added_to_our_stanza_is_shown_and_removed(routers: Routers) -> None:
    routers.run("ams-pe", push(CIRCUIT + NODE))
    routers.configure("ams-pe", "interface eth1\n description by hand\n isis metric 77\n ip address 192.0.2.1/24")
    (corrected,) = routers.run("ams-pe", push(CIRCUIT + NODE))
    changes = [line for line in corrected["diff"]["prepared"].splitlines()[2:] if line[0] in "+-"]
    assert sorted(changes) == [
        "+ description core-1 to par-p",
        "- description by hand",
        "- ip address 192.0.2.1/24",
        "- isis metric 77",
    ]
    assert routers.running("ams-pe")["interface eth1"] == CIRCUIT + "exit\n!\n"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            CIRCUIT + NODE.replace(" is-type", " net 49.0001.0100.0012.7009.00\n is-type"),
            (
                "FRR refused router isis CORE: 'net 49.0001.0100.0012.7002.00' "
                "(System ID must not change when defining additional area addresses); the router is as it was before"
            ),
        ),
        (CIRCUIT.replace("to-point", "to-pont"), "interface eth1: 'isis network point-to-pont': % Unknown command"),
        (CIRCUIT.replace("eth1", "eth9"), "interface eth9 does not exist on this router; it has eth0, eth1, eth2, lo"),
        ("router ospf\n ospf router-id 10.0.127.2\n", "'router ospf' needs ospfd, which does not run"),
        ("interface eth1\n", "config: stanza 'interface eth1' has no lines"),
    ],
    ids=["refused by the daemon", "not FRR's language", "no such interface", "no such daemon", "not a stanza"],
)
def test_a_push_that_is_refused_changes_nothing_and_says_which_line(
    routers: Routers, config: str, sentence: str
) -> None:
    routers.configure("ams-pe", FOREIGN)
    routers.run("ams-pe", push("interface eth1\n description before\n"))
    before, record = routers.running("ams-pe"), routers.record("ams-pe")

    (refused,) = routers.run("ams-pe", push(config))

    assert refused["failed"]
    assert refused["msg"].startswith("ams-pe: ")
    assert sentence in refused["msg"], refused["msg"]
    assert refused.get("restored", True)
    assert routers.running("ams-pe") == before
    assert routers.record("ams-pe") == record
    assert "description before" in routers.startup("ams-pe")


def test_the_stanza_of_an_interface_that_is_gone_can_be_removed(routers: Routers) -> None:
    routers.lab.exec("ams-pe", ["ip", "link", "add", "tmp1", "type", "veth", "peer", "name", "tmp2"])
    config = CIRCUIT.replace("eth1", "tmp1")
    routers.run("ams-pe", push(config))
    routers.lab.exec("ams-pe", ["ip", "link", "delete", "tmp1"])
    removed, again = routers.run("ams-pe", push(""), push(""))
    assert removed["changed"]
    assert not again["changed"]
    assert "interface tmp1" not in routers.vtysh("ams-pe", "show running-config")


def test_a_lost_record_is_made_up_for_by_also_owned(routers: Routers) -> None:
    routers.run("ams-pe", push(CIRCUIT))
    routers.lab.exec("ams-pe", ["rm", "/etc/frr/trunkline.json"])
    ignored, removed = routers.run("ams-pe", push(""), push("", also_owned=["interface eth1"]))
    assert not ignored["changed"]
    assert removed["changed"]
    assert "interface eth1" not in routers.running("ams-pe")


def test_what_a_run_that_died_has_not_saved_is_saved_by_the_next(routers: Routers) -> None:
    routers.run("ams-pe", push(CIRCUIT))
    routers.lab.exec("ams-pe", ["sed", "-i", "/isis network/d", "/etc/frr/frr.conf"])
    saved, again = routers.run("ams-pe", push(CIRCUIT), push(CIRCUIT))
    assert saved["changed"]
    assert saved["diff"]["prepared"] == ""
    assert not again["changed"]
    assert "isis network" in routers.startup("ams-pe")


def test_a_lease_keeps_others_out_until_it_ends(routers: Routers) -> None:
    first, second, other_push, no_name, own_push, not_mine, again, given_back, after = routers.run(
        "ams-pe",
        Task("frr_lease", {"owner": "run 1"}),
        Task("frr_lease", {"owner": "run 2", "wait_s": 0}),
        push(CIRCUIT, lease="run 2"),
        push(CIRCUIT),
        push(CIRCUIT, lease="run 1"),
        Task("frr_lease", {"owner": "run 2", "state": "absent"}),
        push(CIRCUIT, lease="run 1"),
        Task("frr_lease", {"owner": "run 1", "state": "absent"}),
        push(CIRCUIT, lease="run 1"),
    )
    assert first["lease"] == {"owner": "run 1", "ttl_s": 120.0}
    for refused in (second, other_push, no_name):
        assert refused["failed"]
        assert "ams-pe: the lease of this router is held by 'run 1' for another" in refused["msg"]
    assert second["holder"]["owner"] == "run 1"
    assert own_push["changed"]
    assert not not_mine["changed"]
    assert not again["changed"]
    assert given_back["changed"]
    assert not given_back["undone"]
    assert "lease 'run 1' is over" in after["msg"]


def test_a_lease_of_a_run_that_died_is_taken_over_when_it_ends(routers: Routers) -> None:
    dead, planned, renewed, next_one = routers.run(
        "ams-pe",
        Task("frr_lease", {"ttl_s": 2}),
        Task("frr_lease", {"owner": "run 2", "wait_s": 10}, check=True),
        Task("frr_lease", {"owner": "run 2", "wait_s": 10}),
        Task("frr_lease", {"owner": "run 2"}),
    )
    assert dead["lease"]["owner"]
    assert "held by" in planned["msg"]
    assert 0 < renewed["waited_s"] < 3
    assert renewed["lease"]["owner"] == "run 2"
    assert not next_one["changed"]


@contextmanager
def module_at_work(routers: Routers) -> Iterator[None]:
    """Hold the router's file lock, as a module does while it changes the router."""
    locked = "exec 9> /run/frr/trunkline.lock; flock 9; sleep 60 > /dev/null 2>&1 & echo $!"
    pid = routers.lab.exec("ams-pe", ["sh", "-c", locked]).strip()
    try:
        yield
    finally:
        routers.lab.exec("ams-pe", ["kill", pid])


def test_a_router_that_a_module_is_at_work_on_is_held_by_the_run_of_that_module(routers: Routers) -> None:
    with module_at_work(routers):
        (nobody_s,) = routers.run("ams-pe", Task("frr_lease", {"owner": "run 2", "wait_s": 0}))
    routers.run("ams-pe", Task("frr_lease", {"owner": "run 1"}))
    with module_at_work(routers):
        (run_1_s,) = routers.run("ams-pe", Task("frr_lease", {"owner": "run 2", "wait_s": 0}))
    assert nobody_s["failed"]
    assert "another Trunkline module has been changing this router" in nobody_s["msg"]
    assert nobody_s["holder"] == {"owner": None, "ttl_s": 0.0}
    assert run_1_s["holder"]["owner"] == "run 1"


def test_a_router_tells_its_interfaces(routers: Routers) -> None:
    (told,) = routers.run("ams-pe", Task("frr_interfaces", {"management": ["eth0"]}))
    assert told["interfaces"][:2] == [
        {"name": "eth0", "type": "10gbase-t", "mgmt_only": True},
        {"name": "eth1", "type": "10gbase-t", "mgmt_only": False},
    ]
    (refused,) = routers.run("ams-pe", Task("frr_interfaces", {"management": ["mgmt9"]}))
    assert "management: ams-pe has no interface 'mgmt9'. It has eth0, eth1" in refused["msg"]
