"""Many orders in one call: in bulk, all of them or none, and each refusal says which one it means."""

import dataclasses
import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import netbox_snapshot
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World, new_corner, playbook_of

MANY = 6


@pytest.fixture(scope="module")
def corner(prepared: dict[str, str]) -> World:
    """Pools of this module's own: where others have left gaps, addresses of both families cannot go together."""
    return new_corner(prepared)


@pytest.fixture
def routers(world: World, management: Callable[[], str]) -> Iterator[list[NodeOrder]]:
    """Routers, made in one call."""
    orders = [world.node(f"n{number}", management=management()) for number in range(MANY)]
    world.run(*orders)
    yield orders
    world.free_interfaces()
    world.run(*orders, present=False)


def ring(world: World, routers: list[NodeOrder], **more: object) -> list[CircuitOrder]:
    """A circuit from each router to the next."""
    return [
        world.circuit((routers[number], "eth1"), (routers[(number + 1) % MANY], "eth2"), **more)
        for number in range(MANY)
    ]


def test_many_nodes_cost_hardly_more_requests_than_one(world: World, management: Callable[[], str]) -> None:
    orders = [world.node(f"n{number}", management=management()) for number in range(MANY)]
    planned = world.run(*orders, check=True)
    session = world.session()
    done = world.run(*orders, session=session)
    # In both families the addresses are the next free ones of the pools, each once.
    assert planned.operations == done.operations
    assert session.sent <= 7
    assert (
        len({node["loopback_ipv4"] for node in done.objects}) == len({n["loopback_ipv6"] for n in done.objects}) == MANY
    )
    assert [node["name"] for node in done.objects] == [order.name for order in orders]
    again = world.session()
    assert (world.run(*orders, session=again).operations, again.sent) == ([], 1)
    removal = world.session()
    world.run(*orders, present=False, session=removal)
    assert removal.sent <= 3
    assert world.count(orders[0].subscription) == {}


def test_many_circuits_cost_as_many_requests_as_one(world: World, routers: list[NodeOrder]) -> None:
    orders = ring(world, routers)
    planned = world.run(*orders, check=True)
    session = world.session()
    done = world.run(*orders, session=session)
    assert planned.operations == done.operations
    assert session.sent <= 9
    assert len({circuit["ipv4_prefix"] for circuit in done.objects}) == MANY
    changed = [dataclasses.replace(order, isis_metric=20) for order in orders]
    assert [item["after"] for item in world.run(*changed).operations] == [{"isis_metric": 20}] * MANY
    removal = world.session()
    world.run(*changed, present=False, session=removal)
    assert removal.sent <= 6
    assert [world.count(order.subscription) for order in orders] == [{}] * MANY


def test_orders_that_take_several_queries_are_planned_as_in_one(
    world: World, routers: list[NodeOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = ring(world, routers)
    together = world.run(*orders, check=True)
    monkeypatch.setattr(netbox_snapshot, "ORDERS_A_QUERY", 1)
    assert world.run(*orders, check=True) == together


def test_all_are_made_or_none(world: World, routers: list[NodeOrder]) -> None:
    role = f"small-{world.name}"
    world.declare(("ipam.role", [{"slug": role, "name": role}]))
    world.pool("small", "192.0.2.128/29", "fd00:19::/60")
    orders = ring(world, routers, pool=role)
    with pytest.raises(OrderError, match=f"pool '{role}'.*no free /31"):
        world.run(*orders)
    assert [world.count(order.subscription) for order in orders] == [{}] * MANY


def test_a_refusal_says_which_order_it_means(world: World, routers: list[NodeOrder]) -> None:
    orders = ring(world, routers)
    wrong = dataclasses.replace(orders[2], z=dataclasses.replace(orders[2].z, interface="eth99"))
    with pytest.raises(OrderError, match=rf"^{wrong.description}: z\.interface: .* has no interface 'eth99'"):
        world.run(*orders[:2], wrong)
    with pytest.raises(OrderError, match=r"a\.interface: .* is ordered twice in this call"):
        world.run(orders[0], dataclasses.replace(orders[1], a=orders[0].a))
    unknown = dataclasses.replace(routers[1], site="nowhere")
    with pytest.raises(OrderError, match=f"^{unknown.name}: site: NetBox has no site with slug 'nowhere'"):
        world.run(routers[0], unknown)


def play(world: World, folder: Path, *options: str, **lists: object) -> subprocess.CompletedProcess[str]:
    """A playbook whose one task orders `lists`."""
    module = {"nodes": "node", "circuits": "circuit"}[next(iter(lists))]
    task = {f"trunkline.network.{module}": {"state": "present", **lists}, "register": "made"}
    told = {"ansible.builtin.set_stats": {"data": {"made": "{{ made }}"}, "per_host": False}}
    text = json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task, told]}])
    path = folder / "batch.yml"
    path.write_text(text)
    return playbook_of({"NETBOX_URL": world.url, "NETBOX_TOKEN": world.token}, path, *options)


def test_a_task_takes_a_list(world: World, management: Callable[[], str], tmp_path: Path) -> None:
    orders = [world.node(f"t{number}", management=management()) for number in range(2)]
    nodes = [dataclasses.asdict(order) for order in orders]
    done = play(world, tmp_path, nodes=nodes)
    made = json.JSONDecoder().raw_decode(done.stdout.partition("RUN: ")[2])[0]["made"]
    assert [node["name"] for node in made["nodes"]] == [order.name for order in orders]
    assert [device["name"] for device in made["devices"]] == [order.name for order in orders]
    assert len(made["activation"]) == 2
    assert "node" not in made
    again = play(world, tmp_path, nodes=nodes)
    assert "changed=0" in again.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subscription": "x"}, "nodes[1].subscription: 'x' is not a UUID"),
        ({"site": None}, "nodes[1].site: needed for state=present"),
        ({"management": "10.0.0.300/24"}, "nodes[1].management: "),
        ({}, "nodes[1].subscription: "),
    ],
)
def test_bad_items_are_named_before_anything_is_sent(
    world: World, tmp_path: Path, change: dict[str, str | None], message: str
) -> None:
    one = dataclasses.asdict(world.node("b"))
    other = {**one, "name": "other", **({"subscription": str(uuid.uuid4())} if change else {}), **change}
    done = play(world, tmp_path, nodes=[one, {key: value for key, value in other.items() if value is not None}])
    assert done.returncode == 2
    assert message in " ".join(done.stdout.split())
    assert world.count(one["subscription"]) == {}
