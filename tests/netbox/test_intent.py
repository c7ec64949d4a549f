"""What a router must carry: read from the real NetBox, and foretold from a plan."""

import dataclasses
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import netbox_intent
from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare, iso_net
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder, End
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World

Ring = tuple[NodeOrder, NodeOrder, CircuitOrder]


def intent(world: World, device: str, overlay: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    session = world.session()
    fabric = netbox_intent.read(session, device, overlay or [], "trunkline")
    assert (session.sent, session.writes) == (1, 0)
    return netbox_intent.intent_of(device, netbox_intent.overlaid(fabric, overlay or []))


@pytest.fixture
def ordered(world: World, pair: tuple[NodeOrder, NodeOrder]) -> Ring:
    """Two nodes, and the order of a circuit between them that is not there yet."""
    a, z = pair
    return a, z, world.circuit((a, "eth1"), (z, "eth2"), isis_metric=20)


def test_a_planned_node_has_the_intent_of_the_real_one(world: World) -> None:
    order = world.node()
    planned = intent(world, order.name, world.run(order, check=True).operations)
    node = world.run(order).objects[0]
    assert (
        intent(world, order.name)
        == planned
        == {
            "device": order.name,
            "platform": "frr",
            "hostname": order.name,
            "loopback": {"interface": "lo", "ipv4": node["loopback_ipv4"], "ipv6": node["loopback_ipv6"]},
            "isis": {
                "instance": "CORE",
                "area": "49.0001",
                "level": 2,
                "net": iso_net(node["loopback_ipv4"], "49.0001"),
            },
            "circuits": [],
            "ports": [],
            "l2vpns": [],
            "bgp": None,
        }
    )


def test_a_planned_circuit_has_the_intent_of_the_real_one_on_both_sides(world: World, ordered: Ring) -> None:
    a, z, order = ordered
    overlay = world.run(order, check=True).operations
    planned = {node.name: intent(world, node.name, overlay) for node in (a, z)}
    circuit = world.run(order).objects[0]
    assert {node.name: intent(world, node.name) for node in (a, z)} == planned
    loopback = planned[z.name]["loopback"]
    assert planned[a.name]["circuits"] == [
        {
            "subscription": order.subscription,
            "cid": circuit["cid"],
            "interface": "eth1",
            "description": f"{circuit['cid']} to {z.name}:eth2",
            "ipv4": circuit["a"]["ipv4"],
            "ipv6": circuit["a"]["ipv6"],
            "metric": 20,
            "neighbor": z.name,
            "neighbor_ipv4": bare(circuit["z"]["ipv4"]),
            "neighbor_ipv6": bare(circuit["z"]["ipv6"]),
            "neighbor_loopback_ipv4": bare(loopback["ipv4"]),
            "neighbor_loopback_ipv6": bare(loopback["ipv6"]),
        }
    ]


def test_maintenance_raises_the_metric_and_a_plan_of_it_too(world: World, ordered: Ring) -> None:
    a, _, order = ordered
    world.run(order)
    quiet = dataclasses.replace(order, under_maintenance=True)
    planned = intent(world, a.name, world.run(quiet, check=True).operations)
    world.run(quiet)
    assert [item["metric"] for item in planned["circuits"]] == [15000000]
    assert intent(world, a.name) == planned


def test_a_planned_move_shows_the_new_interface_only(world: World, ordered: Ring) -> None:
    a, _, order = ordered
    world.run(order)
    moved = dataclasses.replace(order, a=End(a.name, "eth3"))
    planned = intent(world, a.name, world.run(moved, check=True).operations)
    world.run(moved)
    assert [item["interface"] for item in planned["circuits"]] == ["eth3"]
    assert intent(world, a.name) == planned


def test_a_planned_removal_leaves_nothing_to_carry(world: World, ordered: Ring) -> None:
    a, z, order = ordered
    world.run(order)
    overlay = world.run(order, present=False, check=True).operations
    assert intent(world, a.name, overlay)["circuits"] == intent(world, z.name, overlay)["circuits"] == []
    assert len(intent(world, a.name)["circuits"]) == 1
    world.run(order, present=False)
    gone = intent(world, a.name, world.run(a, present=False, check=True).operations)
    assert (gone["loopback"], gone["isis"], gone["circuits"]) == (None, None, [])


def test_a_device_that_is_not_there_carries_nothing(world: World) -> None:
    gone = intent(world, f"gone-{world.name}")
    assert (gone["loopback"], gone["isis"], gone["circuits"]) == (None, None, [])
