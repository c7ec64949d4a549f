"""The circuit, against the real NetBox."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Outcome
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder, End
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import World

COMPLETE = {
    "dcim.cable": 2,
    "circuits.circuit": 1,
    "circuits.circuittermination": 2,
    "ipam.prefix": 3,
    "ipam.ipaddress": 4,
}


@dataclasses.dataclass(frozen=True)
class Made:
    """A circuit that is there."""

    order: CircuitOrder
    outcome: Outcome
    requests: int


@pytest.fixture(scope="module")
def made(standing: World, pair: tuple[NodeOrder, NodeOrder]) -> Made:
    """A circuit between eth1 of the first and eth2 of the second of the pair."""
    order = standing.circuit((pair[0], "eth1"), (pair[1], "eth2"), isis_metric=30)
    session = standing.session()
    return Made(order, standing.run(order, session=session), session.sent)


def test_a_new_circuit_is_documented_completely_in_nine_requests(world: World, made: Made) -> None:
    circuit = made.outcome.objects[0]
    assert made.requests <= 9
    rows = world.owned(made.order.subscription)
    assert {kind: len(some) for kind, some in rows.items() if some} == COMPLETE
    assert all("trunkline" in [tag["slug"] for tag in row["tags"]] for some in rows.values() for row in some)
    record = rows["circuits.circuit"][0]
    assert (record["cid"], record["status"], record["commit_rate"]) == (circuit["cid"], "provisioning", 10000000)
    assert record["custom_fields"]["trunkline_isis_metric"] == 30
    assert record["custom_fields"]["trunkline_under_maintenance"] is False
    session = world.session()
    for side, other, node in (("a", "z", made.order.a.node), ("z", "a", made.order.z.node)):
        end = circuit[side]
        interface = session.get(f"dcim/interfaces/{end['netbox_interface_id']}/")
        assert interface["device"]["name"] == node
        assert interface["link_peers"][0]["circuit"]["cid"] == circuit["cid"]
        assert interface["description"] == f"{circuit['cid']} to {circuit[other]['node']}:{circuit[other]['interface']}"
        addresses = session.get("ipam/ip-addresses/", {"interface_id": interface["id"]})["results"]
        assert {row["address"] for row in addresses} == {end["ipv4"], end["ipv6"]}
    lengths = sorted(int(row["prefix"].partition("/")[2]) for row in rows["ipam.prefix"])
    assert lengths == [31, 64, 127]


def test_a_second_run_does_nothing_in_one_request(world: World, made: Made) -> None:
    session = world.session()
    second = world.run(made.order, session=session)
    assert (second.operations, session.sent, session.writes) == ([], 1, 0)
    assert second.objects == made.outcome.objects


def test_check_mode_writes_nothing_and_says_what_will_happen(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = world.circuit((pair[0], "eth3"), (pair[1], "eth4"))
    session = world.session()
    planned = world.run(order, check=True, session=session)
    assert session.writes == 0
    assert world.count(order.subscription) == {}
    done = world.run(order)
    assert planned.operations == done.operations
    assert planned.objects == [{**done.objects[0], "netbox_id": None}]


def test_maintenance_is_one_write_with_the_changed_field_only(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = world.circuit((pair[0], "eth3"), (pair[1], "eth4"))
    world.run(order)
    session = world.session()
    done = world.run(dataclasses.replace(order, under_maintenance=True), session=session)
    assert [item["after"] for item in done.operations] == [{"under_maintenance": True}]
    assert session.writes == 1


def test_an_end_moves_to_another_interface(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    a, z = pair
    order = world.circuit((a, "eth3"), (z, "eth4"))
    first = world.run(order).objects[0]
    moved = dataclasses.replace(order, a=End(a.name, "eth5"))
    planned = world.run(moved, check=True)
    done = world.run(moved)
    assert planned.operations == done.operations
    circuit = done.objects[0]
    assert (circuit["a"]["ipv4"], circuit["z"]) == (first["a"]["ipv4"], first["z"])
    assert world.count(order.subscription) == COMPLETE
    interfaces = world.session().get("dcim/interfaces/", {"device": a.name, "name": ["eth3", "eth5"]})["results"]
    assert [bool(row["cable"]) for row in interfaces] == [False, True]
    assert interfaces[0]["description"] == ""
    assert world.run(moved).operations == []


def test_what_a_person_changed_is_corrected(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = world.circuit((pair[0], "eth3"), (pair[1], "eth4"))
    circuit = world.run(order).objects[0]
    session = world.session()
    session.patch(f"circuits/circuits/{circuit['netbox_id']}/", {"status": "offline", "comments": "keep"})
    rows = world.owned(order.subscription)
    session.delete("dcim/cables/", [rows["dcim.cable"][0]["id"]])
    session.delete("ipam/ip-addresses/", [rows["ipam.ipaddress"][0]["id"]])
    done = world.run(order)
    assert sorted((item["op"], item["type"]) for item in done.operations) == [
        ("create", "dcim.cable"),
        ("create", "ipam.ipaddress"),
        ("update", "circuits.circuit"),
    ]
    assert world.count(order.subscription) == COMPLETE
    assert session.get(f"circuits/circuits/{circuit['netbox_id']}/")["comments"] == "keep"


def test_a_removed_circuit_gives_everything_back(world: World, pair: tuple[NodeOrder, NodeOrder], made: Made) -> None:
    a, z = pair
    cabled = {a.name: ["eth1"], z.name: ["eth2"]}
    order = world.circuit((a, "eth3"), (z, "eth4"))
    first = world.run(order).objects[0]
    planned = world.run(order, present=False, check=True)
    session = world.session()
    done = world.run(order, present=False, session=session)
    assert planned.operations == done.operations
    assert session.sent <= 6
    assert world.count(order.subscription) == {}
    for node in pair:
        rows = session.get("dcim/interfaces/", {"device": node.name, "limit": 0})["results"]
        assert [row["name"] for row in rows if row["description"] or row["cable"]] == cabled[node.name]
    assert world.run(order, present=False).operations == []
    again = world.run(world.circuit((a, "eth3"), (z, "eth4"))).objects[0]
    assert (again["ipv4_prefix"], again["ipv6_prefix"]) == (first["ipv4_prefix"], first["ipv6_prefix"])


def test_an_unknown_node_is_refused_by_name(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    order = dataclasses.replace(world.circuit((pair[0], "eth3"), (pair[1], "eth4")), z=End("nowhere", "eth2"))
    with pytest.raises(OrderError, match=r"z\.node: NetBox has no device 'nowhere'\. Order that node first"):
        world.run(order)


@pytest.mark.parametrize("name", ["eth9", "lo0"])
def test_an_interface_that_cannot_carry_it_is_refused_with_those_that_can(
    world: World, pair: tuple[NodeOrder, NodeOrder], name: str
) -> None:
    order = world.circuit((pair[0], name), (pair[1], "eth2"))
    with pytest.raises(OrderError, match=f"a.interface: .*'{name}'.* It has eth1, eth2, eth3"):
        world.run(order)


def test_a_taken_interface_is_refused_with_who_has_it(
    world: World, pair: tuple[NodeOrder, NodeOrder], made: Made
) -> None:
    a, z = pair
    second = world.circuit((a, "eth3"), (z, "eth2"))
    with pytest.raises(
        OrderError, match=f"z.interface: {z.name}:eth2 is already cabled to circuit {made.order.circuit_id}"
    ):
        world.run(second)
    assert world.count(second.subscription) == {}


def test_both_ends_on_one_node_are_refused(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    with pytest.raises(OrderError, match="A circuit joins two nodes"):
        world.run(world.circuit((pair[0], "eth1"), (pair[0], "eth2")))


@pytest.mark.parametrize(("field", "value"), [("provider", "nobody"), ("circuit_type", "string"), ("pool", "puddle")])
def test_an_unknown_reference_is_refused(
    world: World, pair: tuple[NodeOrder, NodeOrder], field: str, value: str
) -> None:
    order = world.circuit((pair[0], "eth3"), (pair[1], "eth4"), **{field: value})
    with pytest.raises(OrderError, match=f"{field}.* '?{value}"):
        world.run(order)


def test_of_many_orders_at_once_as_many_succeed_as_the_pool_has_room_for(world: World) -> None:
    pair = world.node("a"), world.node("z")
    for node in pair:
        world.run(node)
    world.declare(("ipam.role", [{"slug": f"tiny-{world.name}", "name": f"tiny {world.name}"}]))
    # Room for four in IPv4, over two pools; for two in IPv6, so that an order can fail after its first allocation.
    world.pool("tiny", "192.0.2.64/30", "192.0.2.72/30", "fd00:9::/63")
    orders = [
        world.circuit((pair[0], f"eth{number}"), (pair[1], f"eth{number}"), pool=f"tiny-{world.name}")
        for number in range(1, 9)
    ]

    def attempt(order: CircuitOrder) -> dict[str, Any] | str:
        try:
            return world.run(order).objects[0]
        except OrderError as error:
            return str(error)

    with ThreadPoolExecutor(len(orders)) as pool:
        results = list(pool.map(attempt, orders))
    made = [result for result in results if isinstance(result, dict)]
    refused = [result for result in results if isinstance(result, str)]
    assert len({result["ipv4_prefix"] for result in made}) == len(made) == 2
    assert len({result["ipv6_prefix"] for result in made}) == 2
    assert all("pool 'tiny-" in result and "no free /" in result for result in refused)
    counts = [world.count(order.subscription) for order in orders]
    assert sorted(map(len, counts)) == [0] * 6 + [len(COMPLETE)] * 2
