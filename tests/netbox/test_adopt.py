"""Devices and circuits that NetBox already has become a subscription's, against the real NetBox."""

import uuid
from dataclasses import dataclass
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

SIZE = 3


@dataclass(frozen=True)
class Foreign:
    """A ring at a site of its own; each test leaves it as it was, but the last."""

    world: World
    site: str
    ipv4: str
    ipv6: str

    def session(self, run: str = "") -> Session:
        return Session(self.world.url, self.world.token, run=run)

    def survey(self, namespace: str, *types: str) -> Survey:
        return survey(self.session(), Part(sites=[self.site]), types or ("frr-router",), namespace)

    def adopt(
        self, namespace: str, *, check: bool = False, session: Session | None = None
    ) -> tuple[Outcome, list[Candidate]]:
        session = session or self.session(namespace)
        found: list[Candidate] = []

        def make() -> Plan:
            seen = survey(session, Part(sites=[self.site]), ["frr-router"], namespace)
            found[:] = [*seen.nodes, *seen.circuits]
            return plan_adoption(session, found)

        return converge(session, make, check), found

    def undo(self, namespace: str) -> None:
        session = self.session(namespace)
        undo(session, requests_of(session, namespace), check=False)

    def state(self) -> dict[str, Any]:
        """All that an adoption may write, as NetBox has it; times, and custom fields without a value left out."""
        paths = ("dcim/devices", "dcim/interfaces", "dcim/cables", "circuits/circuits", "circuits/circuit-terminations")
        asked: list[tuple[str, dict[str, Any]]] = [(path, {"site": self.site}) for path in paths]
        asked += [("ipam/prefixes", {"within_include": prefix}) for prefix in (self.ipv4, self.ipv6)]
        asked.append(("ipam/ip-addresses", {"parent": [self.ipv4, self.ipv6]}))
        session, found = self.session(), dict[str, Any]()
        for path, filters in asked:
            rows = session.rows(f"{path}/", filters)
            found[path] = [*found.get(path, []), *map(_without_times, rows)]
        return found


def _without_times(row: dict[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in row["custom_fields"].items() if value is not None}
    return {name: value for name, value in row.items() if name != "last_updated"} | {"custom_fields": values}


@pytest.fixture(scope="module")
def there(standing: World) -> Foreign:
    four, six = f"{ipv4(64).rpartition('.')[0].rpartition('.')[0]}.0.0/16", f"{ipv6()}/48"
    made = Foreign(standing, f"here-{standing.name}", four, six)
    place = {"slug": made.site, "name": f"Site {standing.name}", "status": "active"}
    standing.declare(("dcim.site", [place]), *carriers())
    Builder(made.session(), made.site).add(*ring(SIZE, four, six, f"{standing.name}-"))
    return made


def test_each_obstacle_is_named_with_its_remedy(there: Foreign) -> None:
    session, namespace = there.session(), new_namespace()
    signed = there.session(namespace)
    names = sorted(row["name"] for row in session.rows("dcim/devices/", {"site": there.site}))
    devices = {row["name"]: row["id"] for row in session.rows("dcim/devices/", {"site": there.site})}
    (line,) = session.rows("circuits/circuits/", {"cid": f"{there.world.name}-LINE-1"})
    signed.patch(
        "dcim/devices/",
        [
            {"id": devices[names[0]], "oob_ip": None, "status": "planned"},
            {"id": devices[names[1]], "primary_ip6": None, "platform": None},
        ],
    )
    signed.patch("circuits/circuits/", [{"id": line["id"], "commit_rate": None}])
    outcome, found = there.adopt(new_namespace(), check=True)
    there.undo(namespace)
    said = {one.name: " ".join(one.cannot) for one in found}
    assert "status: it is planned in NetBox" in said[names[0]]
    assert "management: the device has no out-of-band address. Set it in NetBox" in said[names[0]]
    assert "platform: the device has none" in said[names[1]]
    assert "loopback_ipv6: the device has no primary IPv6 address. Put" in said[names[1]]
    assert "speed_mbps: the circuit has no commit rate" in said[line["cid"]]
    assert f"a.node: {names[0]} belongs to no subscription" in said[f"{there.world.name}-LINE-0"]
    assert [item["name"] for item in outcome.objects] == names[2:]


def test_another_type_is_counted_and_another_s_address_is_not_taken(there: Foreign) -> None:
    seen = there.survey(new_namespace(), "nokia-7220-ixr-d2")
    assert seen.nodes == []
    (others,) = seen.others
    assert (others["device_type"], others["platform"], others["count"]) == ("frr-router", "frr", SIZE)
    owner, namespace = str(uuid.uuid4()), new_namespace()
    (device, *_) = there.session().rows("dcim/devices/", {"site": there.site})
    mark = {"id": device["primary_ip4"]["id"], "custom_fields": {FIELD: owner}}
    there.session(namespace).patch("ipam/ip-addresses/", [mark])
    _, found = there.adopt(new_namespace(), check=True)
    there.undo(namespace)
    (refused,) = (one for one in found if one.name == device["name"])
    assert f"belongs to subscription {owner}" in refused.cannot[0]


def test_an_adoption_in_few_requests_is_undone_to_the_last_mark(there: Foreign) -> None:
    namespace = new_namespace()
    before = there.state()
    session = there.session(namespace)
    there.adopt(namespace, session=session)
    # Reading: two of the survey and one of all routers; for each kind what the module reads, and what is to be marked.
    assert session.sent - session.writes <= 8
    assert session.writes <= 9
    assert there.state() != before
    for _again in range(2):
        there.undo(namespace)
        assert there.state() == before


def test_one_that_was_broken_off_is_taken_up_again_and_nothing_is_left_to_do(there: Foreign) -> None:
    namespace = new_namespace()
    before = there.state()
    planned, found = there.adopt(namespace, check=True)
    assert there.state() == before
    assert [one.cannot for one in found] == [[]] * 2 * SIZE
    for kind in ("circuits.circuit", "dcim.device"):
        one = next(one for one in found if one.type == kind)
        there.session().patch(ENDPOINTS[kind], [{"id": one.id, "custom_fields": {FIELD: one.subscription}}])
    done, found = there.adopt(namespace)
    assert done.objects == planned.objects
    after = there.state()
    for path, rows in before.items():
        if path != "ipam/prefixes":
            assert [row["id"] for row in after[path]] == [row["id"] for row in rows], "something was made or is gone"
    assert there.world.run(*(node_order(one) for one in found if one.type == "dcim.device")).operations == []
    assert there.world.run(*(circuit_order(one) for one in found if one.type != "dcim.device")).operations == []
    assert there.adopt(new_namespace())[0].operations == []
    view = next(item for item in done.objects if item["type"] == "circuits.circuit")
    assert (view["cid"], view["isis_metric"], view["speed_mbps"]) == (f"{there.world.name}-LINE-0", 10, 10_000)
    (circuit,) = there.session().rows("circuits/circuits/", {"cid": view["cid"]})
    assert (circuit["provider"]["slug"], circuit["type"]["slug"]) == ("carrier", "dark-fibre")
