"""A network that already runs is adopted: NetBox is marked, the routers stay as they are, and nothing has drifted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.lab.conftest import PAIR, Slot
from tests.lab.network.world import World
from tests.lab.workshop import brought_up
from tests.netbox.foreign_network import Builder, Link, Router, carriers
from tests.netbox.netbox_world import World as NetBox
from trunkline.dev.lab import Lab
from trunkline.dev.orders import Order
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Ports, Stack
from trunkline.dev.state import PROJECT, State

pytestmark = pytest.mark.timeout(600)
METRIC = 30
LOOPBACKS = {"left": ("10.66.0.1/32", "fd66::1/128"), "right": ("10.66.0.2/32", "fd66::2/128")}
ENDS = {"left": ("10.66.64.1/30", "fd66:0:0:1::/127"), "right": ("10.66.64.2/30", "fd66:0:0:1::1/127")}
# NetBox may have other tests' devices, too.
NAMES = [*LOOPBACKS, "ghost"]
FAR = {"left": "right", "right": "left"}
SYSTEM = {"left": "0100.6600.0001", "right": "0100.6600.0002"}
# As somebody has typed it, long before there was a Trunkline; the prefix list is nobody's business but theirs.
CONFIGURATION = """
ip prefix-list THEIRS seq 5 permit 192.0.2.0/24
router isis CORE
 is-type level-2-only
 net 49.0001.{system}.00
 lsp-timers gen-interval 1 refresh-interval 900 max-lifetime 1200
 spf-delay-ietf init-delay 50 short-delay 200 long-delay 2000 holddown 4000 time-to-learn 1500
exit
interface lo
 ip address {loopback[0]}
 ip router isis CORE
 ipv6 address {loopback[1]}
 ipv6 router isis CORE
 isis passive
exit
interface eth1
 description LINE-0 to {far}:eth1
 ip address {end[0]}
 ip router isis CORE
 ipv6 address {end[1]}
 ipv6 router isis CORE
 isis circuit-type level-2-only
 isis metric 30
 isis network point-to-point
exit
"""


def configure(lab: Lab, node: str) -> None:
    text = CONFIGURATION.format(system=SYSTEM[node], loopback=LOOPBACKS[node], far=FAR[node], end=ENDS[node])
    lines = ["configure terminal", *(line for line in text.splitlines() if line), "end", "write memory"]
    lab.exec(node, ["vtysh", *(word for line in lines for word in ("-c", line))])


@pytest.fixture(scope="module")
def lab(slot: Slot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = tmp_path_factory.mktemp("foreign") / "foreign.clab.yml"
    path.write_text(PAIR)
    lab = slot.load(path, which=3)
    lab.up()
    for node in LOOPBACKS:
        configure(lab, node)
    yield lab
    lab.down()


@pytest.fixture(scope="module")
def world(
    lab: Lab,
    bare_netbox: dict[str, str],
    ports: Ports,
    state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """NetBox and routers as they are on the day on which Trunkline comes; an order book without orders."""
    folder = tmp_path_factory.mktemp("scenario")
    content = yaml.safe_load((PROJECT / "examples/workshop.yml").read_text())
    content["nodes"] = [
        {"name": name, "site": "ams", "role": "pe", "product": "Node FRR", "management": f"{lab.nodes[name]}/24"}
        for name in LOOPBACKS
    ]
    content["circuits"] = [
        {"a": {"node": "left", "interface": "eth1"}, "z": {"node": "right", "interface": "eth1"}, "product": "none"}
    ]
    file = folder / "foreign.yml"
    file.write_text(yaml.safe_dump(content))
    stack = Stack(state, folder / "foreign.clab.yml", lab, ports)
    with brought_up(stack, file):
        world = World(stack, Scenario.load(file))
        netbox = NetBox(world.exports["NETBOX_URL"], world.exports["NETBOX_TOKEN"], "foreign", "foreign")
        netbox.declare(*carriers())
        routers = [Router(name, f"{lab.nodes[name]}/24", LOOPBACKS[name]) for name in LOOPBACKS]
        ghost = Router("ghost", "10.254.255.1/32", ("10.66.0.3/32", "fd66::3/128"), {"status": "planned"})
        ends, addresses = (("left", "eth1"), ("right", "eth1")), (ENDS["left"], ENDS["right"])
        fields = {"custom_fields": {"trunkline_isis_metric": METRIC}}
        Builder(netbox.session(), "ams").add([*routers, ghost], [Link("LINE-0", ends, addresses, fields)])
        yield world
        world.client.close()
        session = netbox.session()
        for path, filters in (
            ("dcim/devices/", {"name": NAMES}),
            ("circuits/circuits/", {"cid": "LINE-0"}),
        ):
            if ids := [row["id"] for row in session.rows(path, filters)]:
                session.delete(path, ids)


def routers(world: World) -> dict[str, str]:
    """All of the routers' configuration, running and saved, and whether Trunkline has left anything there."""
    look = ["sh", "-c", "cat /etc/frr/frr.conf; ls -1 /etc/frr; stat -c %Y /etc/frr/frr.conf"]
    running = world.configurations()
    return {node: running[node] + world.stack.lab.exec(node, look) for node in LOOPBACKS}


def adopt(world: World, **values: Any) -> dict[str, Any]:
    """What the dry run says, by name."""
    body = {"input": {"customer": "noc", "names": NAMES, **values}, "plan_only": True}
    run = world.api("POST", "tasks/adopt", json=body)
    assert run.status_code == 202, run.text
    order = Order("adopt", "", values, run=run.json())
    world.client.wait([order], lambda: None)
    assert order.status == "completed", order.run["error"]
    plan = world.api("GET", f"runs/{order.run['id']}/plan").json()
    return {one["name"]: one for one in plan["proposals"]}


def command(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    named = [word for name in NAMES for word in ("--name", name)] if arguments[0] == "adopt" else []
    words = [str(Path(sys.executable).with_name("trunkline")), *arguments, *named]
    return subprocess.run(
        words, env=os.environ | world.exports, capture_output=True, text=True, check=False, timeout=200
    )


def subscriptions(world: World) -> dict[str, dict[str, Any]]:
    items = world.api("GET", "subscriptions", params={"status": "active"}).json()["items"]
    return {item["description"]: item for item in items}


def run_on(world: World, subscription: dict[str, Any], method: str = "POST", what: str = "/validate") -> Order:
    run = world.api(method, f"subscriptions/{subscription['id']}{what}").json()
    order = Order(subscription["description"], "", {}, run=run)
    world.client.wait([order], lambda: None)
    assert order.status == "completed", order.run["error"]
    return order


def test_the_dry_run_tells_what_could_be_adopted_and_changes_nothing(world: World) -> None:
    changes, before = world.netbox_changes(), routers(world)
    found = adopt(world)
    said = {name: (one["state"], one["compared"], one["differs"]) for name, one in found.items() if name != "ghost"}
    assert said == dict.fromkeys(("left", "right", "LINE-0"), ("ready", True, {}))
    assert found["ghost"]["reasons"][0].startswith("status: it is planned in NetBox")
    assert found["LINE-0"]["block"]["isis_metric"] == METRIC
    assert (world.netbox_changes(), routers(world)) == (changes, before)


def test_without_the_routers_all_could_be_adopted_and_nothing_was_compared(world: World) -> None:
    found = adopt(world, devices=False)
    said = {name: (one["state"], one["compared"], one["differs"]) for name, one in found.items() if name != "ghost"}
    assert said == dict.fromkeys(("left", "right", "LINE-0"), ("ready", False, {}))


def test_what_the_router_has_otherwise_is_shown_and_not_taken(world: World) -> None:
    vtysh = ["vtysh", "-c", "configure terminal", "-c", "interface eth1", "-c"]
    world.stack.lab.exec("right", [*vtysh, "isis metric 77"])
    try:
        found = adopt(world)
    finally:
        world.stack.lab.exec("right", [*vtysh, f"isis metric {METRIC}"])
    line = found["LINE-0"]
    assert (line["state"], line["taken"], list(line["differs"])) == ("differs", False, ["right"])
    assert {"- isis metric 77", "+ isis metric 30"} <= set(line["differs"]["right"].splitlines())
    assert found["right"]["taken"]


def test_a_running_network_is_adopted_and_has_not_drifted_and_no_router_was_touched(world: World) -> None:
    before = routers(world)
    done = command(world, "adopt", "--customer", "noc", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 nodes and 1 circuits to adopt; 1 cannot be." in done.stdout
    found = subscriptions(world)
    assert set(found) == {"Node left at ams", "Node right at ams", "Core circuit left:eth1 - right:eth1"}
    assert all(one["insync"] and one["customer"] == "noc" for one in found.values())
    assert found["Core circuit left:eth1 - right:eth1"]["block"]["cid"] == "LINE-0"
    assert found["Node left at ams"]["block"]["loopback_ipv4"] == LOOPBACKS["left"][0]
    assert [run_on(world, one).run["drift"] for one in found.values()] == [False] * 3
    assert routers(world) == before
    assert command(world, "reconcile", "--report").returncode == 0


def test_once_more_there_is_nothing_to_adopt(world: World) -> None:
    changes = world.netbox_changes()
    done = command(world, "adopt", "--customer", "noc", "--yes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["status"] == "completed"
    assert [name for name, one in adopt(world).items() if one["state"] != "refused"] == []
    assert world.netbox_changes() == changes


def test_an_adoption_is_given_back_and_made_again(world: World) -> None:
    (run,) = [
        item
        for item in world.api("GET", "runs", params={"task": "adopt", "status": "completed"}).json()["items"]
        if not item["plan_only"] and world.api("GET", f"runs/{item['id']}/plan").json()["netbox"]
    ]
    before = routers(world)
    answer = world.api("POST", f"runs/{run['id']}/rollback")
    assert answer.status_code == 202, answer.text
    order = Order("rollback", "", {}, run=answer.json())
    world.client.wait([order], lambda: None)
    assert order.status == "rolled-back", order.run["error"]
    assert subscriptions(world) == {}
    for path in ("dcim/devices", "circuits/circuits", "dcim/cables", "ipam/ip-addresses", "ipam/prefixes"):
        assert world.netbox(path, cf_trunkline_subscription__empty="false") == []
        assert world.netbox(path, tag="trunkline") == []
    assert command(world, "adopt", "--customer", "noc", "--yes").returncode == 0
    assert len(subscriptions(world)) == 3
    assert routers(world) == before


def test_what_was_adopted_is_changed_and_ended_like_anything_else(world: World) -> None:
    found = subscriptions(world)
    circuit = found["Core circuit left:eth1 - right:eth1"]
    # Ended although never pushed: no record on the router says that its lines are ours.
    run_on(world, circuit, "DELETE", "")
    for text in world.configurations().values():
        assert "interface eth1\n description" not in text
        assert "router isis CORE" in text
        assert "ip prefix-list THEIRS" in text
    for name in ("left", "right"):
        run_on(world, found[f"Node {name} at ams"], "DELETE", "")
    deadline = time.monotonic() + 10
    while any("router isis" in text for text in world.configurations().values()):
        assert time.monotonic() < deadline
    assert all("ip prefix-list THEIRS" in text for text in world.configurations().values())
    url = f"{world.exports['NETBOX_URL']}/api/dcim/devices/"
    headers = {"Authorization": f"Bearer {world.exports['NETBOX_TOKEN']}"}
    left = requests.get(url, params={"name": [*LOOPBACKS]}, headers=headers, timeout=30).json()["results"]
    assert left == []
