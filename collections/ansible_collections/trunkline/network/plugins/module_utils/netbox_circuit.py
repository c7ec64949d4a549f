# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A circuit in NetBox: what is ordered, what is there, and what makes the order impossible.

netbox_circuit_plan.py decides what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .netbox_address import ADDRESS_FIELDS
from .netbox_errors import OrderError, said_of
from .netbox_interfaces import PORT, USABLE, reachable, usable
from .netbox_plan import FIELD, Pool, Record
from .netbox_pool import POOL_FIELDS, pools_of, with_free
from .netbox_snapshot import OWNED, Snapshot, owners, parts, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_session import Session

# Of a new circuit for which the order names none; one that is there keeps its own.
PROVIDER, CIRCUIT_TYPE = "trunkline", "core-link"
STATUS = {"provisioning": "provisioning", "active": "active", "migrating": "active", "disabled": "offline"}
LENGTH = {4: 31, 6: 64}

CABLES = """
query ($ids: [ID!], $cable_list: OffsetPaginationInput) {
  cable_list(filters: {id: {in_list: $ids}}, pagination: $cable_list) {
    id a_terminations { ...end } b_terminations { ...end }
  }
}
fragment end on CableTerminationTerminationType { __typename
  ... on CircuitTerminationType { circuit { cid } }
  ... on InterfaceType { name device { name } }
}
"""
CABLE_FIELDS = "id label custom_fields a_terminations { ...cabled } b_terminations { ...cabled }"
CABLED = """
fragment cabled on CableTerminationTerminationType { __typename
  ... on InterfaceType { id name description last_updated device { name platform { slug } oob_ip { address }
    primary_ip4 { address } } }
  ... on CircuitTerminationType { id term_side }
}
"""
PREFIX_FIELDS = f"{POOL_FIELDS} description custom_fields last_updated"
QUERY = f"""
query ($devices: [String!], $interfaces: [String!], $cids: [String!], $owned: String!, $providers: [String!],
       $types: [String!], $pools: [String!], $device_list: OffsetPaginationInput, $circuit_list: OffsetPaginationInput,
       $cable_list: OffsetPaginationInput, $prefix_list: OffsetPaginationInput,
       $ip_address_list: OffsetPaginationInput) {{
  device_list(filters: {{name: {{in_list: $devices}}}}, pagination: $device_list) {{
    id name site {{ id slug }} platform {{ slug }} oob_ip {{ address }} primary_ip4 {{ address }}
    interfaces(filters: {{name: {{in_list: $interfaces}}}}) {{
      id name type mgmt_only description custom_fields last_updated cable {{ id custom_fields }}
    }}
  }}
  circuit_list(filters: {{cid: {{in_list: $cids}}, OR: {OWNED}}}, pagination: $circuit_list) {{
    id cid status description commit_rate custom_fields last_updated provider {{ slug }} type {{ slug }}
    terminations {{ id term_side port_speed last_updated termination {{ __typename ... on SiteType {{ id slug }} }} }}
  }}
  cable_list(filters: {OWNED}, pagination: $cable_list) {{ {CABLE_FIELDS} }}
  prefix_list(filters: {{role: {{slug: {{in_list: $pools}}}}, OR: {OWNED}}}, pagination: $prefix_list) {{
    {PREFIX_FIELDS}
  }}
  ip_address_list(filters: {OWNED}, pagination: $ip_address_list) {{ {ADDRESS_FIELDS} }}
  provider_list(filters: {{slug: {{in_list: $providers}}}}) {{ slug }}
  circuit_type_list(filters: {{slug: {{in_list: $types}}}}) {{ slug }}
}}
{CABLED}"""


@dataclass(frozen=True)
class End:
    """Where a circuit ends."""

    node: str
    interface: str

    @property
    def label(self) -> str:
        """`ams-pe:eth1`."""
        return f"{self.node}:{self.interface}"


NOWHERE = End("", "")


@dataclass(frozen=True)
class CircuitOrder:
    """What is ordered: a circuit as it shall be in NetBox. `status` is the subscription's."""

    subscription: str
    a: End
    z: End
    status: str = "provisioning"
    cid: str = ""
    isis_metric: int = 10
    under_maintenance: bool = False
    speed_mbps: int = 10000
    provider: str = ""
    circuit_type: str = ""
    pool: str = "core-link"

    @property
    def circuit_id(self) -> str:
        """The circuit's name in NetBox: as ordered, else from the subscription's UUID, so that it never changes."""
        return self.cid or f"TL-{self.subscription.replace('-', '')[-12:].upper()}"

    @property
    def ends(self) -> tuple[tuple[str, End, End], ...]:
        """(side, this end, the other end) for both sides."""
        return (("A", self.a, self.z), ("Z", self.z, self.a))

    @property
    def description(self) -> str:
        """`ams-pe:eth1 - par-p:eth2`."""
        return f"{self.a.label} - {self.z.label}"


def read(session: Session, orders: Sequence[CircuitOrder], *, present: bool, predict: bool) -> Snapshot:
    """Read all that planning needs: one request for a hundred orders; with `predict` one more a pool; and one where an
    end does not exist or is not free.
    """
    # Those of all orders in each part: a device that is in two parts is read with the same interfaces.
    interfaces = sorted({end.interface for order in orders for end in (order.a, order.z)})
    rows = read_rows(session, QUERY, (_asked(part, interfaces) for part in parts(orders)))
    if present:
        _read_usable_interfaces(session, orders, rows)
        _read_foreign_cables(session, orders, rows)
    pools: dict[tuple[str, int], tuple[Pool, ...]] = {}
    for role in {order.pool for order in orders} if present else ():
        for family, length in LENGTH.items():
            found = pools_of(rows["prefix_list"], role, family, length)
            pools[role, family] = with_free(session, found, prefixes=True, wanted=len(orders)) if predict else found
    return Snapshot(rows, pools)


def _asked(orders: Sequence[CircuitOrder], interfaces: Sequence[str]) -> Record:
    return {
        "devices": sorted({end.node for order in orders for end in (order.a, order.z)}),
        "interfaces": interfaces,
        "cids": [order.circuit_id for order in orders],
        "owned": owners(order.subscription for order in orders),
        "providers": sorted({order.provider or PROVIDER for order in orders}),
        "types": sorted({order.circuit_type or CIRCUIT_TYPE for order in orders}),
        "pools": sorted({order.pool for order in orders}),
    }


def _read_usable_interfaces(session: Session, orders: Sequence[CircuitOrder], rows: Record) -> None:
    """Note which interfaces a device has on which an order names one that it has not: the refusal lists them.

    Asked for in the first query, the interfaces of every large device would make it slow.
    """
    devices = {row["name"]: row for row in rows["device_list"]}
    mistaken = {
        end.node
        for order in orders
        for end in (order.a, order.z)
        if end.node in devices
        and not any(row["name"] == end.interface and usable(row) for row in devices[end.node]["interfaces"])
    }
    if mistaken:
        answer = session.graphql(USABLE, {"devices": sorted(mistaken)})
        for row in answer["interface_list"]:
            if usable(row):
                devices[row["device"]["name"]].setdefault("usable", []).append(row["name"])


def _read_foreign_cables(session: Session, orders: Sequence[CircuitOrder], rows: Record) -> None:
    """Note where the cables of others lead that occupy the ordered interfaces: the refusal names it.

    Asked for every interface in the first query, it would make NetBox query its database for each of them.
    """
    ordered = {end.label for order in orders for end in (order.a, order.z)}
    ours = {order.subscription for order in orders}
    occupied = [
        (f"{device['name']}:{row['name']}", row["cable"])
        for device in rows["device_list"]
        for row in device["interfaces"]
        if f"{device['name']}:{row['name']}" in ordered
        and row["cable"]
        and row["cable"]["custom_fields"].get(FIELD) not in ours
    ]
    if occupied:
        answer = session.graphql(CABLES, {"ids": [cable["id"] for _label, cable in occupied]})
        far = {row["id"]: [*row["a_terminations"], *row["b_terminations"]] for row in answer["cable_list"]}
        for label, cable in occupied:
            cable["leads_to"] = [
                name for end in far.get(cable["id"], []) if (name := _end_name(end)) not in ("", label)
            ]


def _end_name(end: Record) -> str:
    if end["__typename"] == "CircuitTerminationType":
        return f"circuit {end['circuit']['cid']}"
    return f"{end['device']['name']}:{end['name']}" if end["__typename"] == "InterfaceType" else ""


def devices_of(orders: Sequence[CircuitOrder], snapshot: Snapshot) -> list[Record]:
    """The routers that the orders concern, as name, address and platform: those of the ends, and those that the cables
    of the circuits end on now.
    """
    names = {end.node for order in orders for end in (order.a, order.z)}
    found = {row["name"]: row for row in snapshot.rows["device_list"] if row["name"] in names}
    for order in orders:
        for cable in snapshot.owned("cable_list", order.subscription):
            for end in (*cable["a_terminations"], *cable["b_terminations"]):
                if end["__typename"] == "InterfaceType":
                    found.setdefault(end["device"]["name"], end["device"])
    return [reachable(row) for row in found.values() if row["oob_ip"] or row["primary_ip4"]]


def interfaces_of(orders: Sequence[CircuitOrder], snapshot: Snapshot) -> dict[End, Record]:
    """The interface rows of all ends, each with its `device`. Raises OrderError for one that cannot be used."""
    devices = {row["name"]: row for row in snapshot.rows["device_list"]}
    found: dict[End, Record] = {}
    for order in orders:
        if order.a.node == order.z.node:
            raise OrderError(f"z.node: {order.z.node} is also the A end. A circuit joins two nodes.")
        for side, end, _other in order.ends:
            with said_of(order.description, len(orders) > 1):
                if end in found:
                    raise OrderError(f"{side.lower()}.interface: {end.label} is ordered twice in this call.")
                found[end] = _interface(side.lower(), end, order.subscription, devices)
    return found


def _interface(side: str, end: End, subscription: str, devices: dict[str, Record]) -> Record:
    device = devices.get(end.node)
    if device is None:
        raise OrderError(f"{side}.node: NetBox has no device {end.node!r}. Order that node first, or correct the name.")
    row: Record | None = next(
        (row for row in device["interfaces"] if row["name"] == end.interface and usable(row)), None
    )
    if row is None:
        raise OrderError(
            f"{side}.interface: {end.node} has no interface {end.interface!r} that could carry a circuit. "
            f"It has {', '.join(device.get('usable', [])) or 'none'}."
        )
    if row["custom_fields"].get(PORT):
        raise OrderError(
            f"{side}.interface: {end.label} is a port, of subscription {row['custom_fields'][PORT]}. "
            "Choose another interface, or terminate that first."
        )
    if row["cable"] and row["cable"]["custom_fields"].get(FIELD) != subscription:
        far = " and ".join(row["cable"].get("leads_to", [])) or "something"
        raise OrderError(
            f"{side}.interface: {end.label} is already cabled to {far} "
            f"(cable {row['cable']['id']}). Choose another interface, or terminate what uses it."
        )
    return {**row, "device": device}


def settled(order: CircuitOrder, snapshot: Snapshot) -> CircuitOrder:
    """The order with provider and type: those it names, else those of the circuit that is there.

    Raises OrderError where it names what NetBox does not have.
    """
    there = snapshot.own("circuit_list", order.subscription)
    now = (there["provider"]["slug"], there["type"]["slug"]) if there else (PROVIDER, CIRCUIT_TYPE)
    wanted = (order.provider or now[0], order.circuit_type or now[1])
    found = replace(order, provider=wanted[0], circuit_type=wanted[1])
    if there is None or wanted != now:
        _refuse_unknown(found, snapshot)
    return found


def _refuse_unknown(order: CircuitOrder, snapshot: Snapshot) -> None:
    for field, value, table, where in (
        ("provider", order.provider, "provider_list", "Circuits > Providers"),
        ("circuit_type", order.circuit_type, "circuit_type_list", "Circuits > Circuit types"),
    ):
        if not snapshot.where(table, "slug", value):
            raise OrderError(
                f"{field}: NetBox has no {field.replace('_', ' ')} with slug {value!r}. "
                f"Add it ({where}, or the role trunkline.network.netbox_bootstrap), or name another."
            )


def refuse_foreign(order: CircuitOrder, snapshot: Snapshot) -> None:
    """Raise OrderError where the order's circuit id is another's."""
    for row in snapshot.where("circuit_list", "cid", order.circuit_id):
        owner = row["custom_fields"].get(FIELD)
        if row["provider"]["slug"] == order.provider and owner != order.subscription:
            raise OrderError(
                f"cid: NetBox already has a circuit {order.circuit_id!r} of provider {order.provider!r}, "
                f"{f'of subscription {owner}' if owner else 'which no subscription owns'}. Give this one another cid."
            )


def readable_circuit(row: Record) -> Record:
    """A circuit's managed fields as a person reads them."""
    return {
        "cid": row["cid"],
        "provider": row["provider"]["slug"],
        "type": row["type"]["slug"],
        "status": row["status"],
        "commit_rate": row["commit_rate"],
        "description": row["description"],
    }
