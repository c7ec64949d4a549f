"""The network as the real NetBox has it: whole, in part, and from more than one page."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import Part, fabric_from
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from ansible_collections.trunkline.network.plugins.module_utils.netbox_pages import SHORTEST_PAGE
from tests.netbox.netbox_world import PageAtATime, World

Ordered = tuple[NodeOrder, NodeOrder, CircuitOrder]
MANY = 2 * SHORTEST_PAGE


@pytest.fixture
def ordered(world: World, pair: tuple[NodeOrder, NodeOrder]) -> Ordered:
    """Two nodes and a circuit between them."""
    a, z = pair
    order = world.circuit((a, "eth1"), (z, "eth2"), isis_metric=20, status="active")
    world.run(order)
    return a, z, order


def test_a_circuit_is_shown_as_the_module_made_it(world: World, ordered: Ordered) -> None:
    a, z, order = ordered
    made = world.run(order, check=True).objects[0]
    session = world.session()
    fabric = fabric_from(session, Part(nodes=[a.name, z.name]))
    assert (session.sent, session.writes) == (2, 0)
    (shown,) = fabric["circuits"]
    assert shown == made
    link = {"a": a.name, "z": z.name, "cid": shown["cid"], "metric": 20, "status": "active", "under_maintenance": False}
    assert fabric["links"] == [link]
    assert (fabric["totals"]["nodes"], fabric["totals"]["circuits"], fabric["totals"]["links"]) == (2, 1, 1)


def test_a_node_is_shown_as_the_module_made_it(world: World, ordered: Ordered) -> None:
    a = ordered[0]
    made = world.run(a, check=True).objects[0]
    (shown,) = fabric_from(world.session(), Part(nodes=[a.name]))["nodes"]
    site = shown.pop("site")
    assert site == {"slug": world.site, "name": f"Site {world.corner}", "latitude": None, "longitude": None}
    assert {name: made[name] for name in shown} == shown


def test_the_whole_network_and_a_part_by_site_role_and_status(world: World, ordered: Ordered) -> None:
    a, z, order = ordered

    def nodes(**part: Any) -> set[str]:
        found = fabric_from(world.session(), Part(**part))
        circuits = {item["subscription"] for item in found["circuits"]}
        assert order.subscription in circuits or not found["nodes"]
        return {node["name"] for node in found["nodes"]}

    assert {a.name, z.name} <= nodes() & nodes(sites=[world.site]) & nodes(roles=["pe"])
    assert nodes(nodes=[a.name], roles=["pe"]) == {a.name}
    assert nodes(nodes=[a.name], node_status=["staged"]) == {a.name}
    assert nodes(nodes=[a.name], node_status=["active"]) == set()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Part(sites=["atlantis"]), "sites: NetBox has no site 'atlantis'"),
        (Part(roles=["pe", "butler"]), "roles: NetBox has no device role 'butler'"),
        (Part(nodes=["nobody"]), "nodes: NetBox has no device of a subscription 'nobody'"),
    ],
)
def test_a_part_that_is_not_there_is_named(world: World, prepared: dict[str, str], part: Part, message: str) -> None:
    with pytest.raises(OrderError, match=message):
        fabric_from(world.session(), part)


def test_a_network_of_many_pages_comes_whole(world: World) -> None:
    """Of devices without interfaces, made in one request: as many orders would take minutes."""
    names = [f"page-{number:02}-{world.name}" for number in range(MANY)]
    plain = f"plain-{world.name}"
    world.declare(("dcim.manufacturer", [{"slug": plain, "name": plain}]))
    world.declare(("dcim.devicetype", [{"slug": plain, "model": plain, "manufacturer": {"slug": plain}}]))
    fields = {"site": {"slug": world.site}, "role": {"slug": "pe"}, "device_type": {"slug": plain}}
    owner = {"custom_fields": {"trunkline_subscription": "7c2b1f6e-0000-4000-8000-00000000abcd"}}
    session = world.session()
    made = session.post("dcim/devices/", [{"name": name, "status": "active", **fields, **owner} for name in names])
    try:
        paged = world.session(PageAtATime(30.0))
        found = fabric_from(paged, Part(nodes=names))["nodes"]
        assert [node["name"] for node in found] == names
        # Two full pages and an empty one of nodes, and one of circuits.
        assert paged.sent == 4
    finally:
        session.delete("dcim/devices/", [row["id"] for row in made])


def test_the_action_shows_it_in_a_playbook(world: World, prepared: dict[str, str], ordered: Ordered) -> None:
    a, z, _ = ordered
    arguments = json.dumps({"nodes": [a.name, z.name], "circuit_status": ["active"]})
    command = [str(Path(sys.executable).parent / "ansible"), "localhost", "-m", "trunkline.network.fabric_info"]
    environment = {**os.environ, **prepared, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
    done = subprocess.run(
        [*command, "-a", arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.partition("=>")[2])
    assert (result["changed"], result["requests"], result["writes"]) == (False, 2, 0)
    assert [(link["a"], link["z"], link["metric"]) for link in result["links"]] == [(a.name, z.name, 20)]
