"""Ports and L2VPNs in the real NetBox."""

from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import InUseError, OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_intent import intent_from
from ansible_collections.trunkline.network.plugins.module_utils.netbox_l2vpn import L2vpnOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_port import PortOrder
from tests.netbox.netbox_world import World


def interface(world: World, port: PortOrder) -> dict[str, Any]:
    rows = world.session().get("dcim/interfaces/", {"device": port.node, "name": port.interface})["results"]
    return dict(rows[0])


def test_a_port_is_an_interface_of_its_customer_until_it_is_given_back(
    world: World, pair: tuple[NodeOrder, NodeOrder]
) -> None:
    port = world.port(pair[0], "eth7", mode="tagged", description="University A", mtu=9000, speed_mbps=10000)
    planned = world.run(port, check=True)
    done = world.run(port)
    assert done.operations == planned.operations
    row = interface(world, port)
    shown = [row[name] for name in ("description", "mtu", "speed")]
    assert shown == ["University A", 9000, 10_000_000]
    assert row["mode"]["value"] == "tagged"
    assert row["custom_fields"]["trunkline_port"] == port.subscription
    assert world.run(port).operations == []
    world.run(port, present=False)
    row = interface(world, port)
    assert [row[name] for name in ("description", "mtu", "speed", "mode")] == ["", None, None, None]
    assert row["custom_fields"]["trunkline_port"] is None
    assert world.run(port, present=False).operations == []


def test_a_port_moves_to_another_interface_and_leaves_nothing_behind(
    world: World, pair: tuple[NodeOrder, NodeOrder]
) -> None:
    port = world.port(pair[0], "eth7")
    world.run(port)
    moved = world.port(pair[0], "eth6", subscription=port.subscription)
    assert {item["name"] for item in world.run(moved).operations} == {port.label, moved.label}
    assert interface(world, port)["custom_fields"]["trunkline_port"] is None
    world.run(moved, present=False)


def test_what_is_taken_or_not_there_cannot_become_a_port(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    circuit = world.circuit((pair[0], "eth5"), (pair[1], "eth5"))
    world.run(circuit)
    with pytest.raises(OrderError, match=r"interface: .*eth5 carries a circuit"):
        world.run(world.port(pair[0], "eth5"))
    with pytest.raises(OrderError, match=r"has no interface 'eth99'.*It has eth1, eth2"):
        world.run(world.port(pair[0], "eth99"))
    port = world.port(pair[0], "eth7")
    world.run(port)
    with pytest.raises(OrderError, match=f"belongs to subscription {port.subscription}"):
        world.run(world.port(pair[0], "eth7"))
    with pytest.raises(OrderError, match=r"a\.interface: .*eth7 is a port"):
        world.run(world.circuit((pair[0], "eth7"), (pair[1], "eth7")))
    world.run(port, present=False)


def test_an_l2vpn_has_its_number_its_ends_and_its_vlans(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    tagged, plain = world.port(pair[0], "eth7", mode="tagged"), world.port(pair[1], "eth7")
    world.run(tagged, plain)
    l2vpn = world.l2vpn((tagged, 100), (plain, None))
    planned = world.run(l2vpn, check=True)
    done = world.run(l2vpn)
    assert [item["name"] for item in done.operations] == [item["name"] for item in planned.operations]
    assert done.objects[0]["vni"] == 10000 + done.objects[0]["netbox_id"]
    kinds = {"vpn.l2vpn": 1, "vpn.l2vpntermination": 2, "ipam.vlan": 1, "dcim.interface": 1}
    assert world.count(l2vpn.subscription) == kinds
    assert world.run(l2vpn).operations == []

    intent = intent_from(world.session(), pair[0].name, [], "trunkline")
    assert [port["interface"] for port in intent["ports"]] == ["eth7"]
    (carried,) = intent["l2vpns"]
    assert (carried["name"], carried["vni"]) == (l2vpn.name, done.objects[0]["vni"])
    assert carried["saps"] == [{"interface": "eth7", "vlan": 100, "mtu": None}]
    far = intent_from(world.session(), pair[1].name, [], "trunkline")
    assert carried["vteps"] == [far["loopback"]["ipv4"].partition("/")[0]]
    assert far["l2vpns"][0]["saps"] == [{"interface": "eth7", "vlan": None, "mtu": None}]

    with pytest.raises(InUseError, match=f"still in use by {l2vpn.name}"):
        world.run(tagged, present=False)
    with pytest.raises(InUseError, match=f"still in use by {l2vpn.name}"):
        world.run(plain, present=False)
    fewer = world.l2vpn((tagged, 200), (plain, None), subscription=l2vpn.subscription)
    world.run(fewer)
    assert world.count(l2vpn.subscription) == kinds
    world.run(l2vpn, present=False)
    assert world.count(l2vpn.subscription) == {}
    world.run(tagged, plain, present=False)


def test_a_plan_shows_what_the_routers_will_carry(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    ports = world.port(pair[0], "eth7", mode="tagged"), world.port(pair[1], "eth7", mode="tagged")
    overlay = world.run(*ports, check=True).operations
    planned = intent_from(world.session(), pair[0].name, overlay, "trunkline")
    world.run(*ports)
    assert planned == intent_from(world.session(), pair[0].name, [], "trunkline")
    l2vpn = world.l2vpn((ports[0], 10), (ports[1], 20))
    for present in (True, False):
        overlay = world.run(l2vpn, present=present, check=True).operations
        planned = intent_from(world.session(), pair[0].name, overlay, "trunkline")
        vni = world.run(l2vpn, present=present).objects[0].get("vni")
        for item in planned["l2vpns"]:
            item["vni"] = vni  # which number NetBox will give next is a guess
        assert planned == intent_from(world.session(), pair[0].name, [], "trunkline")
    world.run(*ports, present=False)


@pytest.mark.parametrize(
    ("vlans", "message"),
    [
        ((None, None), r"saps\[0\]\.vlan: .* takes tagged frames: say which VLAN"),
        ((7, 7), r"saps\[1\]\.vlan: .* takes untagged frames: leave it out"),
        ((4095, None), r"saps\[0\]\.vlan: 4095 is not between 1 and 4094"),
    ],
)
def test_an_access_point_must_fit_its_port(
    world: World, pair: tuple[NodeOrder, NodeOrder], vlans: tuple[int | None, int | None], message: str
) -> None:
    tagged, plain = world.port(pair[0], "eth7", mode="tagged"), world.port(pair[1], "eth7")
    world.run(tagged, plain)
    with pytest.raises(OrderError, match=message):
        world.run(world.l2vpn((tagged, vlans[0]), (plain, vlans[1])))
    world.run(tagged, plain, present=False)


def test_what_another_l2vpn_uses_is_refused(world: World, pair: tuple[NodeOrder, NodeOrder]) -> None:
    tagged, plain = world.port(pair[0], "eth7", mode="tagged"), world.port(pair[1], "eth7")
    world.run(tagged, plain)
    first: L2vpnOrder = world.l2vpn((tagged, 10), (plain, None))
    world.run(first)
    with pytest.raises(OrderError, match=f"is used by {first.name}"):
        world.run(world.l2vpn((tagged, 11), (plain, None)))
    with pytest.raises(OrderError, match=f"eth7.10 is used by subscription {first.subscription}"):
        world.run(world.l2vpn((tagged, 10)))
    world.run(first, present=False)
    world.run(tagged, plain, present=False)
