# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What makes existing devices and circuits those of subscriptions: marks, and what the order would correct in NetBox.

The corrections are those of the modules node and circuit, on a snapshot in which the marks are set already. So nothing
is left to do for them afterwards, and nothing is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from . import netbox_circuit, netbox_circuit_plan, netbox_node, netbox_node_plan
from .netbox_address import ADDRESS_FIELDS
from .netbox_adopt import CIRCUIT, DEVICE, IN_SERVICE, addresses_on
from .netbox_circuit import CABLE_FIELDS, CABLED, PREFIX_FIELDS, CircuitOrder, End
from .netbox_errors import OrderError
from .netbox_fabric import interface_at
from .netbox_node import NodeOrder
from .netbox_plan import FIELD, TAG, Named, Operation, Plan, Record, owned
from .netbox_snapshot import Snapshot, parts, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .netbox_adopt import Candidate
    from .netbox_session import Session

METRIC = 10
MARK, CORRECT = 0, 1
# Of a prefix that is to be made in the same plan.
NO_ID = 0
MARKED = f"""
query ($devices: [ID!], $circuits: [ID!], $cables: [ID!], $prefixes: [String!], $addresses: [ID!],
       $device_list: OffsetPaginationInput, $circuit_list: OffsetPaginationInput, $cable_list: OffsetPaginationInput,
       $prefix_list: OffsetPaginationInput, $ip_address_list: OffsetPaginationInput) {{
  device_list(filters: {{id: {{in_list: $devices}}}}, pagination: $device_list) {{
    id name custom_fields last_updated tags {{ slug }}
  }}
  circuit_list(filters: {{id: {{in_list: $circuits}}}}, pagination: $circuit_list) {{
    id cid custom_fields last_updated tags {{ slug }}
    terminations {{ id term_side custom_fields last_updated tags {{ slug }} }}
  }}
  cable_list(filters: {{id: {{in_list: $cables}}}}, pagination: $cable_list) {{
    {CABLE_FIELDS} last_updated tags {{ slug }}
  }}
  prefix_list(filters: {{prefix: {{in_list: $prefixes}}}}, pagination: $prefix_list) {{
    {PREFIX_FIELDS} tags {{ slug }}
  }}
  ip_address_list(filters: {{id: {{in_list: $addresses}}}}, pagination: $ip_address_list) {{
    {ADDRESS_FIELDS} tags {{ slug }}
  }}
}}
{CABLED}"""


@dataclass(frozen=True)
class Parts:
    """Which of NetBox's objects make up a candidate, besides itself: ids, and prefixes by their value."""

    cables: Sequence[str] = ()
    addresses: Sequence[str] = ()
    prefixes: Sequence[str] = ()


def parts_of(one: Candidate) -> Parts:
    """What there is of a candidate that nothing stands against. Pure."""
    if one.type == DEVICE:
        return Parts(addresses=[one.row[name]["id"] for name in ("primary_ip4", "primary_ip6", "oob_ip")])
    ends = [(row["cable"], interface_at(row)) for row in one.row["terminations"]]
    rows = [row for _cable, end in ends if end for family in (4, 6) for row in addresses_on(end, family)]
    links = sorted({str(ip_interface(row["address"]).network) for row in rows})
    return Parts([cable["id"] for cable, _end in ends], [row["id"] for row in rows], links)


def node_order(one: Candidate) -> NodeOrder:
    """The order whose outcome the device is. Pure."""
    item = one.item
    fields = {name: item[name] for name in ("name", "role", "device_type", "platform", "management")}
    return NodeOrder(one.subscription, site=item["site"]["slug"], status=IN_SERVICE, **fields)


def circuit_order(one: Candidate) -> CircuitOrder:
    """The order whose outcome the circuit is. Pure."""
    item = one.item
    return CircuitOrder(
        one.subscription,
        a=End(item["a"]["node"], item["a"]["interface"]),
        z=End(item["z"]["node"], item["z"]["interface"]),
        status=IN_SERVICE,
        cid=item["cid"],
        isis_metric=METRIC if item["isis_metric"] is None else item["isis_metric"],
        under_maintenance=item["under_maintenance"],
        speed_mbps=item["speed_mbps"],
    )


def plan_adoption(session: Session, candidates: Sequence[Candidate]) -> Plan:
    """Marks and corrections for those that nothing stands against; what comes up here is added to what does.

    Its objects are what the modules node and circuit return of them, each with its `type`.
    """
    plan = Plan()
    nodes = {one.subscription: one for one in candidates if one.type == DEVICE and not one.cannot}
    if nodes:
        ordered = [node_order(one) for one in nodes.values()]
        snapshot = netbox_node.read(session, ordered, present=True, predict=False)
        marked = _read_marked(session, list(nodes.values()))
        for node in ordered:
            _plan_one(plan, nodes[node.subscription], node, snapshot, marked)
    circuits = {one.subscription: one for one in candidates if one.type == CIRCUIT and not one.cannot}
    if circuits:
        links = [circuit_order(one) for one in circuits.values()]
        snapshot = netbox_circuit.read(session, links, present=True, predict=False)
        marked = _read_marked(session, list(circuits.values()))
        for link in links:
            _plan_one(plan, circuits[link.subscription], link, snapshot, marked)
    return plan


def _read_marked(session: Session, candidates: Sequence[Candidate]) -> dict[str, list[Record]]:
    return read_rows(session, MARKED, (_asked(part) for part in parts(candidates)))


def _asked(candidates: Sequence[Candidate]) -> Record:
    found = [parts_of(one) for one in candidates]
    return {
        "devices": [str(one.id) for one in candidates if one.type == DEVICE],
        "circuits": [str(one.id) for one in candidates if one.type == CIRCUIT],
        "cables": [number for one in found for number in one.cables],
        "prefixes": [prefix for one in found for prefix in one.prefixes],
        "addresses": [number for one in found for number in one.addresses],
    }


def _plan_one(
    plan: Plan,
    one: Candidate,
    order: NodeOrder | CircuitOrder,
    snapshot: Snapshot,
    marked: dict[str, list[Record]],
) -> None:
    try:
        marks = list(_marks(one, marked, order))
        mine = _with_marks(one, snapshot, marked, order)
        if isinstance(order, NodeOrder):
            found = netbox_node_plan.plan_present([order], mine)
        else:
            found = netbox_circuit_plan.plan_present([order], mine)
    except OrderError as error:
        one.cannot.append(str(error))
        return
    plan.operations += joined(marks, found.operations)
    plan.objects += [{"type": one.type, **view} for view in found.objects]


def joined(marks: Sequence[Operation], corrections: Iterable[Operation]) -> list[Operation]:
    """The marks, and after them the corrections; what both change of one object is changed once. Pure."""
    found = {(mark.type, mark.id): mark for mark in marks if mark.op == "update"}
    rest = []
    for item in corrections:
        mark = found.get((item.type, item.id)) if item.op == "update" else None
        if mark is None:
            # Its mark, or that of a cable on it, may come first: then it is no longer as it was read.
            rest.append(replace(item, stage=item.stage + CORRECT, last_updated=""))
            continue
        custom = {**mark.fields["custom_fields"], **item.fields.get("custom_fields", {})}
        mark.fields = {**mark.fields, **item.fields, "custom_fields": custom}
        mark.before = {**(mark.before or {}), **(item.before or {})}
    return [*marks, *rest]


def _marks(one: Candidate, marked: dict[str, list[Record]], order: NodeOrder | CircuitOrder) -> Iterator[Operation]:
    mine = parts_of(one)
    tables = [("ip_address_list", "ipam.ipaddress", mine.addresses, "address")]
    if one.type == DEVICE:
        tables.insert(0, ("device_list", DEVICE, [str(one.id)], "name"))
    else:
        tables.insert(0, ("circuit_list", CIRCUIT, [str(one.id)], "cid"))
        tables.append(("cable_list", "dcim.cable", mine.cables, "label"))
    for table, kind, ids, name in tables:
        for row in (row for row in marked[table] if row["id"] in ids):
            yield from _mark(kind, row, row[name] or f"#{row['id']}", one.subscription)
            for end in row.get("terminations", []):
                label = f"{one.name} {end['term_side']}"
                yield from _mark("circuits.circuittermination", end, label, one.subscription)
    for prefix in mine.prefixes:
        known = _prefix(prefix, one.subscription, marked)
        if known is not None:
            yield from _mark("ipam.prefix", known, prefix, one.subscription)
        elif isinstance(order, CircuitOrder):
            fields = {"prefix": prefix, "status": "active", "description": order.description}
            fields |= owned(one.subscription)
            yield Operation("create", "ipam.prefix", prefix, f"prefix {prefix}", MARK, one.subscription, fields)


def _mark(kind: str, row: Record, name: str, subscription: str) -> Iterator[Operation]:
    owner = row["custom_fields"].get(FIELD)
    tags = [tag["slug"] for tag in row["tags"]]
    if owner == subscription and TAG in tags:
        return
    if owner not in (None, "", subscription):
        raise OrderError(f"subscription: {name} belongs to subscription {owner}. Correct that in NetBox.")
    fields = {
        "custom_fields": {FIELD: subscription},
        "tags": Named([{"slug": tag} for tag in dict.fromkeys([*tags, TAG])], shown_as=""),
    }
    key, before = f"mark {kind} {row['id']}", {"subscription": owner}
    yield Operation("update", kind, name, key, MARK, subscription, fields, before, int(row["id"]), row["last_updated"])


def _prefix(prefix: str, subscription: str, marked: dict[str, list[Record]]) -> Record | None:
    rows = [row for row in marked["prefix_list"] if row["prefix"] == prefix]
    mine = [row for row in rows if row["custom_fields"].get(FIELD) == subscription] or rows
    if len(mine) > 1:
        raise OrderError(f"prefix: NetBox has {len(mine)} prefixes {prefix}. Leave one of them.")
    return mine[0] if mine else None


def _with_marks(
    one: Candidate, snapshot: Snapshot, marked: dict[str, list[Record]], order: NodeOrder | CircuitOrder
) -> Snapshot:
    """NetBox as it will be when the marks are set, as far as it concerns this candidate."""
    mine = parts_of(one)

    def ours(row: Record) -> Record:
        return {**row, "custom_fields": {**row["custom_fields"], FIELD: one.subscription}}

    tables: dict[str, list[Record]] = {
        **snapshot.rows,
        "ip_address_list": [ours(row) for row in marked["ip_address_list"] if row["id"] in mine.addresses],
    }
    if isinstance(order, NodeOrder):
        tables["device_list"] = [
            ours(row) if int(row["id"]) == one.id else row
            for row in snapshot.rows["device_list"]
            if row["name"] == one.name
        ]
        return Snapshot(tables, snapshot.pools)
    tables["circuit_list"] = [
        ours(row) if int(row["id"]) == one.id else row
        for row in snapshot.rows["circuit_list"]
        if row["cid"] == order.cid
    ]
    tables["cable_list"] = [ours(row) for row in marked["cable_list"] if row["id"] in mine.cables]
    made = {"id": NO_ID, "description": order.description, "last_updated": "", "custom_fields": {}}
    tables["prefix_list"] = [
        ours(_prefix(prefix, one.subscription, marked) or {**made, "prefix": prefix}) for prefix in mine.prefixes
    ]
    tables["device_list"] = [
        {**device, "interfaces": [_cabled_as(row, mine.cables, ours) for row in device["interfaces"]]}
        for device in snapshot.rows["device_list"]
        if device["name"] in (order.a.node, order.z.node)
    ]
    return Snapshot(tables, snapshot.pools)


def _cabled_as(interface: Record, cables: Sequence[str], ours: Callable[[Record], Record]) -> Record:
    cable = interface["cable"]
    return {**interface, "cable": ours(cable)} if cable and cable["id"] in cables else interface


def overlays_of(objects: Iterable[Record]) -> dict[str, list[Record]]:
    """By device, what the intent of a router must add for the circuits to be adopted: as planned operations. Pure."""
    found: dict[str, list[Record]] = {}
    for item in objects:
        if item["type"] != CIRCUIT:
            continue
        fields = ("cid", "status", "isis_metric", "under_maintenance")
        operations = [_planned(item, CIRCUIT, {name: item[name] for name in fields})]
        for side in ("a", "z"):
            label = f"{item[side]['node']}:{item[side]['interface']}"
            operations.append(_planned(item, "dcim.cable", {"a": label, "b": f"{item['cid']} {side.upper()}"}))
            for family in ("ipv4", "ipv6"):
                after = {"address": item[side][family], "interface": label}
                operations.append(_planned(item, "ipam.ipaddress", after))
        for side in ("a", "z"):
            found.setdefault(item[side]["node"], []).extend(operations)
    return found


def _planned(item: Record, kind: str, after: Record) -> Record:
    return {"op": "create", "type": kind, "name": item["cid"], "subscription": item["subscription"], "after": after}
