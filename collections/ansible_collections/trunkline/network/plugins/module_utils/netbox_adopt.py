# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Devices and circuits that NetBox has and no subscription owns: which could be a subscription's, and what stands
against the others.

netbox_adopt_plan.py says what makes them one's.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING

from .addresses import bare, family_of, first_of, second_of
from .netbox_fabric import Part, fabric_of, interface_at, read_circuits, read_nodes
from .netbox_plan import FIELD, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from .netbox_session import Session

DEVICE, CIRCUIT = "dcim.device", "circuits.circuit"
IN_SERVICE = "active"
# An IPv6 prefix of this length or a shorter one is what links are taken from.
IPV6_BLOCK = 64
EXAMPLES = 5


@dataclass
class Candidate:
    """Something that no subscription owns. `item` is as fabric_info returns it, `row` as NetBox has it.

    `cannot`: what stands against adopting it, each a sentence with the field and one with the remedy.
    """

    type: str
    subscription: str
    item: Record
    row: Record
    cannot: list[str] = field(default_factory=list)

    @property
    def id(self) -> int:
        """NetBox's number of it."""
        return int(self.row["id"])

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.item.get("name") or self.item.get("cid") or f"device {self.id}")


@dataclass
class Survey:
    """What was found. `others`: how many devices of types that nobody asked for, and the names of some. `routers`: all
    devices by name, as fabric_info returns them.
    """

    nodes: list[Candidate]
    circuits: list[Candidate]
    others: list[Record]
    routers: dict[str, Record]


def survey(session: Session, part: Part, device_types: Collection[str], namespace: str) -> Survey:
    """Read this part of the network: two requests (of a part three), and one more for each further page."""
    part = replace(part, ordered=False)
    chosen = read_nodes(session, part)
    # A circuit may end on a router elsewhere.
    nodes = chosen if part.whole else read_nodes(session, Part(ordered=False))
    circuits = read_circuits(session, part, chosen)
    names = None if part.whole else {row["name"] for row in chosen}
    return survey_of(nodes, circuits, names, device_types, namespace)


def survey_of(
    nodes: Sequence[Record],
    circuits: Sequence[Record],
    chosen: Collection[str] | None,
    device_types: Collection[str],
    namespace: str,
) -> Survey:
    """The candidates among NetBox's rows: those of the chosen nodes, None for all. Pure.

    The same namespace gives the same object the same subscription. So what was marked half-way is a candidate again.
    """
    fabric = fabric_of(nodes, circuits, Part(ordered=False))
    names = Counter(row["name"] for row in nodes)
    devices = _free(DEVICE, fabric["nodes"], nodes, namespace)
    wanted = [one for one in devices if chosen is None or one.item["name"] in chosen]
    found = [one for one in wanted if not device_types or one.item["device_type"] in device_types]
    for one in devices:
        one.cannot = list(against_node(one.row, names))
    possible = {item["name"] for item in fabric["nodes"]} - {one.item["name"] for one in devices if one.cannot}
    links = [
        one
        for one in _free(CIRCUIT, fabric["circuits"], circuits, namespace)
        if chosen is None or any(end and end["node"] in chosen for end in (one.item["a"], one.item["z"]))
    ]
    for one in links:
        one.cannot = list(against_circuit(one.row, possible, one.subscription))
    others = _others([one.item for one in wanted if one not in found])
    return Survey(found, links, others, {item["name"]: item for item in fabric["nodes"]})


def _free(kind: str, items: Sequence[Record], rows: Sequence[Record], namespace: str) -> list[Candidate]:
    by_id = {int(row["id"]): row for row in rows}
    space = uuid.UUID(namespace)
    ids = {item["netbox_id"]: str(uuid.uuid5(space, f"{kind}/{item['netbox_id']}")) for item in items}
    return [
        Candidate(kind, ids[item["netbox_id"]], item, by_id[item["netbox_id"]])
        for item in items
        if item["subscription"] in (None, "", ids[item["netbox_id"]])
    ]


def _others(items: Sequence[Record]) -> list[Record]:
    kinds: dict[tuple[str, str | None], list[str]] = {}
    for item in items:
        kinds.setdefault((item["device_type"], item["platform"]), []).append(str(item["name"]))
    return [
        {"device_type": kind[0], "platform": kind[1], "count": len(names), "examples": names[:EXAMPLES]}
        for kind, names in sorted(kinds.items(), key=str)
    ]


def against_node(row: Record, names: Counter[str]) -> Iterator[str]:
    """What stands against adopting a device. Pure."""
    if not row["name"]:
        yield "name: the device has none. Give it one in NetBox."
    elif names[row["name"]] > 1:
        yield f"name: NetBox has {names[row['name']]} devices {row['name']!r}. Give each its own name."
    if row["status"] != IN_SERVICE:
        yield f"status: it is {row['status']} in NetBox. Set it {IN_SERVICE} there if it is in service, else order it."
    if row["platform"] is None:
        yield "platform: the device has none. Set it in NetBox."
    for family, length in ((4, 32), (6, 128)):
        address = row[f"primary_ip{family}"]
        if address is None:
            yield (
                f"loopback_ipv{family}: the device has no primary IPv{family} address. Put its loopback's /{length} on "
                "its loopback interface in NetBox, and make it the primary one."
            )
        elif ip_interface(address["address"]).network.prefixlen != length:
            yield (
                f"loopback_ipv{family}: its primary IPv{family} address {address['address']} is no /{length}, so not "
                "that of a loopback. Make the loopback's the primary one."
            )
    if row["oob_ip"] is None:
        yield "management: the device has no out-of-band address. Set it in NetBox (Out-of-band IP)."


def against_circuit(row: Record, nodes: Collection[str], subscription: str) -> Iterator[str]:
    """What stands against adopting a circuit; `nodes` are those that are a subscription's, or could be. Pure."""
    if row["status"] != IN_SERVICE:
        yield f"status: it is {row['status']} in NetBox. Set it {IN_SERVICE} if it carries traffic, else order it."
    if not row["commit_rate"]:
        yield "speed_mbps: the circuit has no commit rate. Set it in NetBox, in kbit/s."
    ends = {item["term_side"]: interface_at(item) for item in row["terminations"]}
    for side in "AZ":
        if ends.get(side) is None:
            yield (
                f"{side.lower()}: no cable leads from termination {side} to an interface. Connect both with one cable "
                "in NetBox."
            )
    a, z = ends.get("A"), ends.get("Z")
    if a is None or z is None:
        return
    for side, end in (("a", a), ("z", z)):
        if end["device"]["name"] not in nodes:
            yield (
                f"{side}.node: {end['device']['name']} belongs to no subscription and cannot be adopted. Remedy first "
                "what stands against it."
            )
    if a["device"]["name"] == z["device"]["name"]:
        yield f"z.node: both ends are on {a['device']['name']}. A core circuit joins two nodes."
    for family in (4, 6):
        yield from _against_link(family, a, z, subscription)


def addresses_on(interface: Record, family: int) -> list[Record]:
    """The interface's addresses of this family, link-local ones left out."""
    return [
        row
        for row in interface["ip_addresses"]
        if family_of(row["address"]) == family and not ip_interface(row["address"]).is_link_local
    ]


def _against_link(family: int, a: Record, z: Record, subscription: str) -> Iterator[str]:
    found: list[str] = []
    for side, end in (("a", a), ("z", z)):
        rows, label = addresses_on(end, family), f"{end['device']['name']}:{end['name']}"
        if len(rows) != 1:
            many = f"has {len(rows)} IPv{family} addresses" if rows else f"has no IPv{family} address"
            yield f"{side}.ipv{family}: {label} {many}. A core circuit has one: document it in NetBox."
        elif rows[0]["custom_fields"].get(FIELD) not in (None, "", subscription):
            owner = rows[0]["custom_fields"][FIELD]
            yield f"{side}.ipv{family}: {rows[0]['address']} on {label} belongs to subscription {owner}. Correct one."
        else:
            found.append(rows[0]["address"])
    if len(found) < 2:
        return
    link = str(ip_interface(found[0]).network)
    if ip_interface(found[1]).network != ip_network(link):
        yield f"z.ipv{family}: {found[1]} is not in {link}, where the other end is. Correct one of them."
    elif family == 6 and ip_network(link).prefixlen <= IPV6_BLOCK:
        yield f"a.ipv6: {link} is no link's prefix but one that links are taken from. Renumber to a /127 in it."
    elif ip_network(link).num_addresses < 2 or {bare(found[0]), bare(found[1])} != {
        bare(first_of(link)),
        bare(second_of(link)),
    }:
        yield f"a.ipv{family}: {found[0]} and {found[1]} are not the first two addresses of {link}. Renumber the link."
    elif bare(found[0]) != bare(first_of(link)):
        yield (
            f"a.ipv{family}: the A end has the higher address, {found[0]}. Swap the circuit's terminations in NetBox."
        )
