"""What holds for any order and any history of it."""

import dataclasses
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["provisioning", "active", "migrating", "disabled"]),
        "isis_metric": st.integers(1, 16777214),
        "under_maintenance": st.booleans(),
        "speed_mbps": st.sampled_from([1000, 10000, 100000]),
        "turned": st.booleans(),
        "interface": st.sampled_from(["eth5", "eth6"]),
    },
)


@settings(
    max_examples=6, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)  # fmt: skip
@given(history=st.lists(CHANGES, min_size=1, max_size=3))
def test_what_a_plan_leaves_needs_no_plan_and_absent_undoes_all(
    world: World, pair: tuple[NodeOrder, NodeOrder], history: list[dict[str, Any]]
) -> None:
    a, z = pair
    before = {node.name: world.interfaces(node.name) for node in pair}
    first = world.circuit((a, "eth4"), (z, "eth4"))
    for change in history:
        fields = dict(change)
        ends = [(a, str(fields.pop("interface", "eth4"))), (z, "eth4")]
        if fields.pop("turned", False):
            ends.reverse()
        ordered = world.circuit(ends[0], ends[1])
        order = dataclasses.replace(ordered, subscription=first.subscription, **fields)
        planned = world.run(order, check=True)
        done = world.run(order)
        assert sorted(map(str, planned.operations)) == sorted(map(str, done.operations))
        assert world.run(order).operations == []
    world.run(order, present=False)
    assert world.count(first.subscription) == {}
    assert {node.name: world.interfaces(node.name) for node in pair} == before
