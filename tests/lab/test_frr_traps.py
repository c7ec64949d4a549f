"""What was seen of FRR's frr-reload.py that would hurt a network, trap by trap.

Each test begins and ends with a router that carries nothing of ours.
"""

from collections.abc import Iterator

import jinja2
import pytest

from tests.lab.frr_network import COLLECTION, REPOSITORY, Routers, intent, push
from tests.lab.test_frr_config import CIRCUIT, NODE

pytest_plugins = ["tests.lab.frr_routers"]

TEMPLATE = REPOSITORY / COLLECTION / "roles/deploy/templates/frr.conf.j2"


@pytest.fixture(autouse=True)
def everything_can_be_taken_back(routers: Routers) -> Iterator[None]:
    before = routers.running("ams-pe")
    yield
    routers.run("ams-pe", push(""))
    assert routers.running("ams-pe") == before


def second_push_of(routers: Routers, config: str) -> tuple[bool, str]:
    """Whether a second push of the same changes anything, and its diff."""
    first, second = routers.run("ams-pe", push(config), push(config))
    assert first["changed"], first
    return second["changed"], second["diff"]["prepared"]


@pytest.mark.parametrize(
    "config",
    [
        "interface eth1\n ipv6 address FC00:0000:0001:0::/127\n",
        (
            "interface eth1\n ip address 10.0.1.0/31\n ip router isis CORE\n isis metric 10\n"
            "router isis CORE\n net 49.0001.0100.0012.7002.00\n metric-style wide\n spf-interval 1\n"
        ),
        "router isis CORE\n net 49.0001.0100.0012.7002.00\n lsp-gen-interval 1\n",
    ],
    ids=["1 IPv6 in another spelling", "2 values that equal a default", "3 lines that are stored otherwise"],
)
def test_traps_1_to_3_a_line_that_frr_stores_otherwise_is_not_pushed_for_ever(routers: Routers, config: str) -> None:
    assert second_push_of(routers, config) == (False, "")


def test_trap_4_a_syntax_error_changes_nothing_and_shows_no_list_of_deletions(routers: Routers) -> None:
    before = routers.running("ams-pe")
    for check in (True, False):
        (refused,) = routers.run("ams-pe", push(CIRCUIT.replace("to-point", "to-pont"), check=check))
        assert "interface eth1: 'isis network point-to-pont': % Unknown command" in refused["msg"]
        assert "diff" not in refused
        assert "Lines To Delete" not in str(refused)
    assert routers.running("ams-pe") == before


def test_trap_5_a_line_that_a_daemon_refuses_takes_back_the_part_that_was_applied(routers: Routers) -> None:
    two_systems = NODE.replace(" is-type", " net 49.0001.0100.0012.7009.00\n is-type")
    before, startup = routers.running("ams-pe"), routers.startup("ams-pe")
    planned, refused = routers.run("ams-pe", push(CIRCUIT + two_systems, check=True), push(CIRCUIT + two_systems))
    assert planned["changed"], "frr-reload --test knows nothing of it"
    assert refused["restored"]
    assert "System ID must not change when defining additional area addresses" in refused["msg"]
    assert (routers.running("ams-pe"), routers.startup("ams-pe")) == (before, startup)


def test_trap_6_lines_of_a_daemon_that_does_not_run_are_refused_not_dropped(routers: Routers) -> None:
    (refused,) = routers.run("ams-pe", push("router ospf\n ospf router-id 10.0.127.2\n"))
    assert "'router ospf' needs ospfd, which does not run; set ospfd=yes in /etc/frr/daemons" in refused["msg"]


def test_trap_7_an_interface_that_does_not_exist_is_refused_with_those_that_do(routers: Routers) -> None:
    (refused,) = routers.run("ams-pe", push(CIRCUIT.replace("eth1", "eth9")))
    assert "interface eth9 does not exist on this router; it has eth0, eth1, eth2, lo" in refused["msg"]
    assert "eth9" not in routers.vtysh("ams-pe", "show running-config")


def test_trap_8_the_hostname_is_the_system_s_and_is_neither_taken_nor_lost(routers: Routers) -> None:
    (refused,) = routers.run("ams-pe", push(f"hostname ours\n{NODE}"))
    assert "'hostname ours' belongs to the whole router; remove it" in refused["msg"]
    routers.run("ams-pe", push(NODE))
    assert "hostname ams-pe\n" in routers.vtysh("ams-pe", "show running-config")
    assert "ams-pe" in routers.vtysh("ams-pe", "show isis hostname")


def test_trap_9_lines_of_the_whole_router_survive_a_push_and_its_undoing(routers: Routers) -> None:
    routers.configure("ams-pe", "log syslog informational")
    routers.run("ams-pe", push(CIRCUIT + NODE))
    routers.run("ams-pe", push(""))
    text = routers.vtysh("ams-pe", "show running-config")
    assert "log syslog informational\n" in text
    assert "service integrated-vtysh-config" in routers.lab.exec("ams-pe", ["cat", "/etc/frr/vtysh.conf"])
    routers.configure("ams-pe", "no log syslog")


def rendered(**changes: object) -> str:
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(TEMPLATE.read_text()).render(intent=intent("ams-pe") | changes)


def circuits(*metrics: int) -> list[dict[str, object]]:
    (one,) = intent("ams-pe")["circuits"]
    ends = [{"interface": f"eth{n}", "ipv4": f"10.0.1.{2 * n}/31", "ipv6": f"fc00:0:1:{n}::/127"} for n in (1, 2)]
    return [one | end | {"metric": metric} for end, metric in zip(ends, metrics, strict=False)]


@pytest.mark.parametrize(
    "config",
    [
        rendered(circuits=[]),
        rendered(),
        rendered(circuits=circuits(20, 15000000)),
        rendered(isis=intent("ams-pe")["isis"] | {"level": 1}),
    ],
    ids=["node", "circuit", "two circuits, one under maintenance", "another level"],
)
def test_the_second_push_of_the_template_is_empty(routers: Routers, config: str) -> None:
    assert second_push_of(routers, config) == (False, "")


def test_an_idempotent_push_is_quick(routers: Routers) -> None:
    """0.6 s of device time is what is promised; twice that is where a busy machine's noise ends."""
    _first, *again = routers.run("ams-pe", *[push(rendered())] * 4)
    assert [one["changed"] for one in again] == [False] * 3
    assert min(sum(one["timings_s"].values()) for one in again) < 0.6
