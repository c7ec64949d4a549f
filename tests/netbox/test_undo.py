"""What an order has written to NetBox can be undone by the change log, against the real NetBox."""

import dataclasses
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import NetBoxError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_undo import undo
from tests.netbox.netbox_world import World


def state(world: World, nodes: tuple[NodeOrder, ...], *subscriptions: str) -> dict[str, Any]:
    """All that these orders may have touched."""
    return {
        "owned": {
            kind: sorted(rows, key=lambda row: int(row["id"])) for kind, rows in world.owned(*subscriptions).items()
        },
        "interfaces": [world.interfaces(node.name) for node in nodes],
    }


def test_a_new_circuit_is_undone_to_the_last_object(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = world.circuit((pair[0], "eth5"), (pair[1], "eth5"))
    before = state(world, pair, order.subscription)
    session = world.session()
    world.run(order, session=session)
    assert world.count(order.subscription)

    planned = undo(world.session(), session.written_as, check=True)
    assert world.count(order.subscription)
    done = undo(world.session(), session.written_as, check=False)
    assert done == planned
    assert state(world, pair, order.subscription) == before


def test_a_changed_circuit_is_changed_back(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = world.circuit((pair[0], "eth5"), (pair[1], "eth5"))
    world.run(order)
    before = state(world, pair, order.subscription)
    session = world.session()
    world.run(dataclasses.replace(order, isis_metric=77, status="active", speed_mbps=1000), session=session)
    changed = state(world, pair, order.subscription)
    assert changed != before
    undo(world.session(), session.written_as, check=False)
    assert state(world, pair, order.subscription) == before


def test_a_new_node_is_undone_with_its_addresses(world: World) -> None:
    order, session = world.node(), world.session()
    world.run(order, session=session)
    undo(world.session(), session.written_as, check=False)
    assert world.count(order.subscription) == {}


def test_a_removal_cannot_be_undone_and_says_what_to_do(world: World) -> None:
    order, session = world.node(), world.session()
    world.run(order)
    world.run(order, present=False, session=session)
    with pytest.raises(NetBoxError, match=f"dcim.device {order.name}.*run the order again with its previous values"):
        undo(world.session(), session.written_as, check=False)
