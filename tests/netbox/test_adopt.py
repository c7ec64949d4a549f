"""Devices and circuits that NetBox already has become a subscription's, against the real NetBox."""

import time
import uuid
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt import Candidate, Survey, survey
from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt_plan import (
    circuit_order,
    node_order,
    plan_adoption,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import ENDPOINTS, Outcome, converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import Part
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import FIELD, Plan
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import Session
from ansible_collections.trunkline.network.plugins.module_utils.netbox_undo import requests_of, undo
from tests.netbox.foreign_network import Builder, carriers, new_namespace, ring
from tests.netbox.netbox_world import World, ipv4, ipv6

SIZE = 4


def network(world: World, size: int) -> None:
    """A ring at a site of this world's own."""
    world.declare(("dcim.site", [{"slug": site(world), "name": f"Site {world.name}", "status": "active"}]), *carriers())
    four, six = f"{ipv4(64).rpartition('.')[0].rpartition('.')[0]}.0.0/16", f"{ipv6()}/48"
    Builder(world.session(), site(world)).add(*ring(size, four, six, f"{world.name}-"))


def site(world: World) -> str:
    return f"here-{world.name}"


def look(world: World, namespace: str) -> Survey:
    return survey(world.session(), Part(sites=[site(world)]), ["frr-router"], namespace)


def adopt(
    world: World, namespace: str, *, check: bool = False, session: Session | None = None, **part: Any
) -> tuple[Outcome, list[Candidate]]:
    session = session or world.session()
    found: list[Candidate] = []

    def make() -> Plan:
        seen = survey(session, Part(sites=[site(world)], **part), ["frr-router"], namespace)
        found[:] = [*seen.nodes, *seen.circuits]
        return plan_adoption(session, found)

    return converge(session, make, check), found


def state(world: World) -> dict[str, Any]:
    """All that an adoption may write, as NetBox has it; times left out."""
    session, found = world.session(), {}
    for path in (
        "dcim/devices",
        "dcim/interfaces",
        "circuits/circuits",
        "circuits/circuit-terminations",
        "dcim/cables",
    ):
        found[path] = session.rows(f"{path}/", {"site": site(world)})
    for path in ("ipam/ip-addresses", "ipam/prefixes"):
        found[path] = session.rows(f"{path}/", {})
    return {
        path: [{key: value for key, value in row.items() if key != "last_updated"} for row in rows]
        for path, rows in found.items()
    }


@pytest.fixture
def there(world: World) -> World:
    network(world, SIZE)
    return world


def test_what_is_there_is_adopted_and_the_modules_find_nothing_to_do(there: World) -> None:
    namespace = new_namespace()
    before = state(there)
    planned, _ = adopt(there, namespace, check=True)
    assert state(there) == before
    done, found = adopt(there, namespace)
    assert [one.cannot for one in found] == [[]] * 2 * SIZE
    assert sorted(map(str, planned.operations)) == sorted(map(str, done.operations))
    assert planned.objects == done.objects
    after = state(there)
    for path, rows in before.items():
        if path != "ipam/prefixes":
            assert [row["id"] for row in after[path]] == [row["id"] for row in rows], "something was made or is gone"
    for kind, made in (("dcim.device", node_order), ("circuits.circuit", circuit_order)):
        for order in (made(one) for one in found if one.type == kind):
            assert there.run(order).operations == []
    assert adopt(there, new_namespace())[0].operations == []
    assert look(there, new_namespace()).nodes == []
    view = next(item for item in done.objects if item["type"] == "circuits.circuit")
    assert (view["cid"], view["isis_metric"], view["speed_mbps"]) == (f"{there.name}-LINE-0", 10, 10_000)
    circuit = there.session().get("circuits/circuits/", {"cid": view["cid"]})["results"][0]
    assert (circuit["provider"]["slug"], circuit["type"]["slug"]) == ("carrier", "dark-fibre")


def test_an_adoption_is_undone_to_the_last_mark(there: World) -> None:
    namespace = new_namespace()
    before = state(there)
    session = Session(there.url, there.token, run=namespace)
    adopt(there, namespace, session=session)
    assert state(there) != before
    for _again in range(2):
        signed = Session(there.url, there.token, run=namespace)
        undo(signed, requests_of(signed, namespace), check=False)
        assert state(there) == before


def test_one_that_was_broken_off_is_taken_up_again_under_the_same_ids(there: World) -> None:
    namespace = new_namespace()
    whole, found = adopt(there, namespace, check=True)
    session = there.session()
    circuit = next(one for one in found if one.type == "circuits.circuit")
    node = next(one for one in found if one.type == "dcim.device")
    for one in (circuit, node):
        session.patch(ENDPOINTS[one.type], [{"id": one.id, "custom_fields": {FIELD: one.subscription}}])
    done, _ = adopt(there, namespace)
    assert done.objects == whole.objects
    assert {item["subscription"] for item in adopt(there, new_namespace())[0].objects} == set()


def test_each_obstacle_is_named_with_its_remedy(there: World) -> None:
    session, namespace = there.session(), new_namespace()
    devices = {row["name"]: row for row in session.rows("dcim/devices/", {"site": site(there)})}
    names = sorted(devices)
    session.patch(
        "dcim/devices/",
        [
            {"id": devices[names[0]]["id"], "oob_ip": None, "status": "planned"},
            {"id": devices[names[1]]["id"], "primary_ip6": None, "platform": None},
        ],
    )
    circuits = {row["cid"]: row for row in session.rows("circuits/circuits/", {"site": site(there)})}
    last = circuits[f"{there.name}-LINE-2"]
    session.patch("circuits/circuits/", [{"id": last["id"], "commit_rate": None}])
    outcome, found = adopt(there, namespace, check=True)
    said = {one.name: " ".join(one.cannot) for one in found}
    assert "status: it is planned in NetBox" in said[names[0]]
    assert "management: the device has no out-of-band address. Set it in NetBox" in said[names[0]]
    assert "platform: the device has none" in said[names[1]]
    assert "loopback_ipv6: the device has no primary IPv6 address. Put" in said[names[1]]
    assert "speed_mbps: the circuit has no commit rate" in said[last["cid"]]
    assert f"a.node: {names[0]} belongs to no subscription" in said[f"{there.name}-LINE-0"]
    assert {item.get("name") for item in outcome.objects} == set(names[2:])


def test_another_type_is_counted_and_another_s_address_is_not_taken(there: World) -> None:
    session = there.session()
    seen = survey(session, Part(sites=[site(there)]), ["nokia-7220-ixr-d2"], new_namespace())
    assert seen.nodes == []
    (others,) = seen.others
    assert (others["device_type"], others["platform"], others["count"]) == ("frr-router", "frr", SIZE)
    (device, *_) = session.rows("dcim/devices/", {"site": site(there)})
    owner = str(uuid.uuid4())
    session.patch("ipam/ip-addresses/", [{"id": device["primary_ip4"]["id"], "custom_fields": {FIELD: owner}}])
    _, found = adopt(there, new_namespace(), check=True)
    (refused,) = (one for one in found if one.id == device["id"])
    assert f"belongs to subscription {owner}" in refused.cannot[0]


def test_so_many_devices_take_few_requests(there: World) -> None:
    session = there.session()
    began = time.monotonic()
    adopt(there, new_namespace(), session=session)
    # Reading: two of the survey and one of all routers; for each kind what the module reads, and what is to be marked.
    assert session.sent - session.writes <= 8
    assert session.writes <= 9
    assert time.monotonic() - began < 30
