"""The node, against the real NetBox."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Outcome
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import InUseError, OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import Interface, NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import diff_of
from tests.netbox.netbox_world import World


@dataclasses.dataclass(frozen=True)
class Made:
    """A node that is there."""

    order: NodeOrder
    outcome: Outcome
    requests: int


@pytest.fixture(scope="module")
def made(standing: World, management: Callable[[], str]) -> Made:
    """A node, for tests that leave it as it is."""
    order, session = standing.node("made", management=management()), standing.session()
    return Made(order, standing.run(order, session=session), session.sent)


def test_a_new_node_is_documented_completely_in_six_requests(world: World, made: Made) -> None:
    assert made.requests <= 6
    order, node, session = made.order, made.outcome.objects[0], world.session()
    device = session.get(f"dcim/devices/{node['netbox_id']}/")
    assert (device["status"]["value"], device["site"]["slug"], device["role"]["slug"]) == ("staged", order.site, "pe")
    assert device["primary_ip4"]["address"] == node["loopback_ipv4"]
    assert device["primary_ip6"]["address"] == node["loopback_ipv6"]
    assert device["oob_ip"]["address"] == order.management
    interfaces = {row["name"]: row for row in session.get("dcim/interfaces/", {"device_id": device["id"]})["results"]}
    assert set(interfaces) == {"lo0", "mgmt0", *(f"eth{number}" for number in range(1, 9))}
    assert interfaces["lo0"]["type"]["value"] == "virtual"
    assert interfaces["mgmt0"]["mgmt_only"]
    assert world.count(order.subscription) == {"dcim.device": 1, "dcim.interface": 2, "ipam.ipaddress": 3}


def test_all_that_is_made_carries_subscription_and_tag(world: World, made: Made) -> None:
    rows = [row for rows in world.owned(made.order.subscription).values() for row in rows]
    assert len(rows) == 6
    assert all("trunkline" in [tag["slug"] for tag in row["tags"]] for row in rows)


def test_both_loopbacks_take_the_same_place_in_their_pools(world: World) -> None:
    for name in ("a", "b"):
        node = world.run(world.node(name)).objects[0]
        last4 = node["loopback_ipv4"].split("/")[0].rpartition(".")[2]
        last6 = node["loopback_ipv6"].split("/")[0].rpartition(":")[2]
        assert int(last4) == int(last6, 16)


def test_a_second_run_does_nothing_in_one_request(world: World, made: Made) -> None:
    session = world.session()
    second = world.run(made.order, session=session)
    assert (second.operations, session.sent, session.writes) == ([], 1, 0)
    assert second.objects == made.outcome.objects


def test_check_mode_writes_nothing_and_says_what_will_happen(world: World, management: Callable[[], str]) -> None:
    order = world.node(management=management())
    session = world.session()
    planned = world.run(order, check=True, session=session)
    assert session.writes == 0
    assert world.count(order.subscription) == {}
    done = world.run(order)
    assert in_order(planned) == in_order(done)
    assert planned.objects == [{**done.objects[0], "netbox_id": None}]


def in_order(outcome: Outcome) -> list[dict[str, Any]]:
    return sorted(outcome.operations, key=lambda item: (item["type"], item["op"], item["name"]))


def test_it_becomes_active_with_one_write(world: World) -> None:
    order = world.node()
    world.run(order)
    session = world.session()
    done = world.run(dataclasses.replace(order, status="active"), session=session)
    assert [(item["before"], item["after"]) for item in done.operations] == [
        ({"status": "staged"}, {"status": "active"})
    ]
    assert (session.sent, session.writes) == (2, 1)


def test_what_a_person_changed_is_corrected_and_other_fields_are_left_alone(world: World) -> None:
    order = world.node()
    node = world.run(order).objects[0]
    session = world.session()
    path = f"dcim/devices/{node['netbox_id']}/"
    session.patch(path, {"status": "failed", "serial": "X-1", "comments": "do not touch", "primary_ip6": None})
    done = world.run(order)
    assert [item["type"] for item in done.operations] == ["dcim.device"]
    assert done.operations[0]["before"] == {"status": "failed", "primary_ip6": None}
    device = session.get(path)
    assert (device["status"]["value"], device["serial"], device["comments"]) == ("staged", "X-1", "do not touch")
    assert "status: failed" in diff_of(done.operations)["before"]


def test_a_new_management_address_replaces_the_old_one(world: World, management: Callable[[], str]) -> None:
    order = world.node(management=management())
    world.run(order)
    moved = dataclasses.replace(order, management=management())
    world.run(moved)
    addresses = [row["address"] for row in world.owned(order.subscription)["ipam.ipaddress"]]
    assert moved.management in addresses
    assert order.management not in addresses


def test_interfaces_that_the_device_type_brings_are_used(world: World, management: Callable[[], str]) -> None:
    kind = f"type-{world.name}"
    world.declare(
        ("dcim.devicetype", [{"slug": kind, "model": kind, "manufacturer": {"slug": "frr"}}]),
        (
            "dcim.interfacetemplate",
            [{"device_type": {"slug": kind}, "name": name, "type": "virtual"} for name in ("lo0", "mgmt0")],
        ),
    )
    order = world.node(device_type=kind, management=management())
    node = world.run(order).objects[0]
    assert node["loopback_ipv4"]
    assert world.count(order.subscription) == {"dcim.device": 1, "ipam.ipaddress": 3}
    assert world.run(order).operations == []


def test_a_removed_node_gives_everything_back(world: World, management: Callable[[], str]) -> None:
    order = world.node(management=management())
    first = world.run(order).objects[0]
    session = world.session()
    planned = world.run(order, present=False, check=True)
    done = world.run(order, present=False, session=session)
    assert planned.operations == done.operations
    assert session.sent <= 6
    assert world.count(order.subscription) == {}
    assert world.run(order, present=False).operations == []
    again = world.run(world.node(management=order.management)).objects[0]
    assert again["loopback_ipv4"] == first["loopback_ipv4"]


def test_a_node_in_use_is_kept_and_its_users_are_named(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    a, z = pair
    circuit = world.circuit((a, "eth1"), (z, "eth2"))
    world.run(circuit)
    with pytest.raises(InUseError) as refused:
        world.run(a, present=False)
    assert refused.value.users == [f"circuit {circuit.circuit_id} on eth1"]
    assert world.count(a.subscription)["dcim.device"] == 1


@pytest.mark.parametrize("field", ["site", "role", "device_type", "platform"])
def test_an_unknown_reference_is_refused_by_name(world: World, field: str) -> None:
    unknown: dict[str, Any] = {field: "nowhere"}
    order = dataclasses.replace(world.node(), **unknown)
    session = world.session()
    with pytest.raises(OrderError, match=f"{field}: NetBox has no .*'nowhere'"):
        world.run(order, session=session)
    assert session.writes == 0


def test_a_name_that_another_subscription_owns_is_refused(world: World, made: Made) -> None:
    second = dataclasses.replace(world.node(), name=made.order.name)
    with pytest.raises(OrderError, match=f"name: .*of subscription {made.order.subscription}"):
        world.run(second)


def test_a_management_address_in_use_is_refused(world: World, made: Made) -> None:
    address = made.order.management
    with pytest.raises(OrderError, match=f"management: {address} is already in NetBox, on {made.order.name}:mgmt0"):
        world.run(world.node("b", management=address))


def test_a_missing_pool_is_refused(world: World) -> None:
    with pytest.raises(OrderError, match="pool 'nowhere': NetBox has no active IPv4 prefix"):
        world.run(world.node(loopback_pool="nowhere"))


@pytest.mark.parametrize(("check", "first"), [(True, 0), (False, 16)])
def test_a_full_pool_is_refused_and_nothing_half_made_stays(world: World, check: bool, first: int) -> None:
    world.declare(("ipam.role", [{"slug": f"tiny-{world.name}", "name": f"tiny {world.name}"}]))
    world.pool("tiny", f"192.0.2.{first}/30", f"fd00:2:{first}::/64")
    pool = f"tiny-{world.name}"
    for name in ("a", "b"):
        world.run(world.node(name, loopback_pool=pool))
    order = world.node("c", loopback_pool=pool)
    with pytest.raises(OrderError, match=f"pool '{pool}': no free address left in 192.0.2.{first}/30. Add a prefix"):
        world.run(order, check=check)
    assert world.count(order.subscription) == {}
    world.pool("tiny", f"192.0.2.{first + 8}/30", f"fd00:3:{first}::/64")
    assert world.run(order, check=check).objects[0]["loopback_ipv4"] == f"192.0.2.{first + 9}/32"


def test_an_ipv6_place_taken_by_hand_gets_another(world: World) -> None:
    order = world.node()
    wish = world.run(order, check=True).objects[0]["loopback_ipv6"]
    world.declare(("ipam.ipaddress", [{"address": wish, "status": "active"}]))
    planned = world.run(order, check=True).objects[0]["loopback_ipv6"]
    assert planned != wish
    assert world.run(order).objects[0]["loopback_ipv6"] == planned


def test_interfaces_of_a_list_are_made_corrected_and_those_of_others_left_alone(
    world: World, management: Callable[[], str]
) -> None:
    # The device type brings eth1; the list names it again, beside two that it does not bring.
    listed = (
        Interface("eth1", "100gbase-x-qsfp28", "not ours"),
        Interface("xe-0", "25gbase-x-sfp28", "to the lab"),
        Interface("console", mgmt_only=True),
    )
    order = world.node(management=management(), interfaces=listed)
    planned = world.run(order, check=True)
    assert planned.operations == world.run(order).operations
    assert world.run(order).operations == []
    session = world.session()
    rows = {row["name"]: row for row in session.get("dcim/interfaces/", {"device": order.name, "limit": 0})["results"]}
    shown = {name: (row["type"]["value"], row["description"], row["mgmt_only"]) for name, row in rows.items()}
    assert shown["xe-0"] == ("25gbase-x-sfp28", "to the lab", False)
    assert shown["console"] == ("other", "", True)
    assert shown["eth1"][1] == ""
    edits = [
        {"id": rows["xe-0"]["id"], "type": "other", "mtu": 9000},
        {"id": rows["console"]["id"], "description": "x"},
    ]
    session.patch("dcim/interfaces/", edits)
    (correction,) = world.run(order).operations
    assert (correction["before"], correction["after"]) == ({"type": "other"}, {"type": "25gbase-x-sfp28"})
    again = session.get(f"dcim/interfaces/{rows['xe-0']['id']}/")
    assert (again["type"]["value"], again["mtu"]) == ("25gbase-x-sfp28", 9000)
    world.run(order, present=False)
    assert world.count(order.subscription) == {}
