"""NetBox cuts long lists without saying so: what lies beyond the first page is there all the same."""

from ansible_collections.trunkline.network.plugins.module_utils import (
    netbox_circuit,
    netbox_circuit_plan,
    netbox_circuit_removal,
    netbox_node,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_pages import SHORTEST_PAGE
from tests.netbox.netbox_world import PageAtATime, World

# Four addresses each: more than a page of them.
CIRCUITS = SHORTEST_PAGE // 4 + 1


def test_circuits_of_more_than_a_page_are_not_made_again_and_go_as_a_whole(
    world: World, pair: tuple[NodeOrder, NodeOrder]
) -> None:
    a, z = pair
    orders = [world.circuit((a, f"eth{n}"), (z, f"eth{n}")) for n in range(1, CIRCUITS + 1)]
    world.run(*orders)
    session = world.session(PageAtATime(30.0))
    there = netbox_circuit.read(session, orders, present=True, predict=False)
    assert netbox_circuit_plan.plan_present(orders, there).operations == []
    leaving = netbox_circuit_removal.plan_absent(
        orders, netbox_circuit.read(session, orders, present=False, predict=False)
    )
    addresses = [item for item in leaving.operations if (item.op, item.type) == ("delete", "ipam.ipaddress")]
    assert len(addresses) == 4 * CIRCUITS


def test_a_pool_beyond_the_first_page_is_found(world: World) -> None:
    role = f"loopback-{world.name}"
    world.declare(("ipam.role", [{"slug": role, "name": role}]))
    small = [f"192.0.2.{number}/32" for number in range(SHORTEST_PAGE)]
    world.pool("loopback", *small)
    world.pool("loopback", "198.51.100.0/24", "2001:db8:64::/64")
    orders = [world.node(loopback_pool=role)]
    snapshot = netbox_node.read(world.session(PageAtATime(30.0)), orders, present=True, predict=False)
    assert [pool.prefix for pool in snapshot.pools[role, 4]] == ["198.51.100.0/24"]
