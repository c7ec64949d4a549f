# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The network as it is in NetBox: nodes, circuits, and the links that circuits make between nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from .addresses import family_of
from .netbox_errors import OrderError
from .netbox_plan import FIELD, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .netbox_session import Session

OWNED = {"custom_field_data": {"path": FIELD, "lookup": {"string_lookup": {"regex": "."}}}}
NODES = """
query ($devices: DeviceFilter, $sites: [String!], $roles: [String!], $device_list: OffsetPaginationInput) {
  device_list(filters: $devices, pagination: $device_list) {
    id name status custom_fields
    site { slug name latitude longitude } role { slug } platform { slug } device_type { slug }
    primary_ip4 { id address } primary_ip6 { id address } oob_ip { id address }
  }
  site_list(filters: {slug: {in_list: $sites}}) { slug }
  device_role_list(filters: {slug: {in_list: $roles}}) { slug }
}
"""
# By the cable, not by link_peers: those NetBox looks up one by one, at ten times the cost.
CIRCUITS = """
query ($circuits: CircuitFilter, $circuit_list: OffsetPaginationInput) {
  circuit_list(filters: $circuits, pagination: $circuit_list) {
    id cid status commit_rate custom_fields provider { slug } type { slug }
    terminations { term_side cable { id terminations { termination { __typename
      ... on InterfaceType { id name device { name } ip_addresses { id address custom_fields } } } } } }
  }
}
"""


@dataclass(frozen=True)
class Part:
    """Which part of the network: an empty field stands for all. Statuses are NetBox's.

    `ordered`: only what belongs to a subscription; else also all other devices and circuits that NetBox has.
    """

    sites: Sequence[str] = ()
    roles: Sequence[str] = ()
    nodes: Sequence[str] = ()
    node_status: Sequence[str] = ()
    circuit_status: Sequence[str] = ()
    ordered: bool = True

    @property
    def whole(self) -> bool:
        """Whether that is the whole network."""
        return not (self.sites or self.roles or self.nodes or self.node_status)


def fabric_from(session: Session, part: Part) -> Record:
    """Read and arrange: nodes, circuits, links and totals of this part of the network.

    Two requests, and one more for each further page of nodes or circuits. Raises OrderError for an unknown site, role
    or node.
    """
    nodes = read_nodes(session, part)
    return fabric_of(nodes, read_circuits(session, part, nodes), part)


def nodes_from(session: Session) -> list[Record]:
    """All nodes, as `fabric_from` has them: one request, and one more for each further page."""
    return _nodes(read_nodes(session, Part()))


def read_nodes(session: Session, part: Part) -> list[Record]:
    """NetBox's rows of the devices in this part of the network. Raises OrderError for an unknown site, role or node."""
    filters: Record = dict(OWNED) if part.ordered else {}
    if part.sites:
        filters["site"] = {"slug": {"in_list": list(part.sites)}}
    if part.roles:
        filters["role"] = {"slug": {"in_list": list(part.roles)}}
    if part.nodes:
        filters["name"] = {"in_list": list(part.nodes)}
    rows = session.graphql(NODES, {"devices": filters, "sites": list(part.sites), "roles": list(part.roles)})
    _refuse_unknown("sites", "site", part.sites, {row["slug"] for row in rows["site_list"]})
    _refuse_unknown("roles", "device role", part.roles, {row["slug"] for row in rows["device_role_list"]})
    found: list[Record] = rows["device_list"]
    within = " at these sites and of these roles" if part.sites or part.roles else ""
    what = "device of a subscription" if part.ordered else "device"
    _refuse_unknown("nodes", what, part.nodes, {row["name"] for row in found}, within)
    return [row for row in found if not part.node_status or row["status"] in part.node_status]


def _refuse_unknown(field: str, what: str, wanted: Iterable[str], known: set[str], within: str = "") -> None:
    if missing := [name for name in wanted if name not in known]:
        raise OrderError(f"{field}: NetBox has no {what} {', '.join(map(repr, missing))}{within}. Correct the name.")


def read_circuits(session: Session, part: Part, nodes: Sequence[Record]) -> list[Record]:
    """NetBox's rows of the circuits; for a part of the network, those at its sites."""
    filters: Record = dict(OWNED) if part.ordered else {}
    if not part.whole:
        sites = sorted({row["site"]["slug"] for row in nodes})
        filters |= {"terminations": {"site": {"slug": {"in_list": sites}}}, "DISTINCT": True}
    rows: list[Record] = session.graphql(CIRCUITS, {"circuits": filters})["circuit_list"]
    return rows


def fabric_of(nodes: Iterable[Record], circuits: Iterable[Record], part: Part) -> Record:
    """The fabric from NetBox's rows. Pure.

    A circuit is in a part of the network if it ends on one of its nodes; a link joins two of its nodes.
    """
    known = _nodes(nodes)
    names = {node["name"] for node in known}
    wanted = [
        circuit
        for circuit in sorted(map(_circuit, circuits), key=lambda circuit: str(circuit["cid"]))
        if (not part.circuit_status or circuit["status"] in part.circuit_status)
        and (part.whole or names.intersection(end["node"] for end in _ends(circuit)))
    ]
    links = [
        {
            "a": circuit["a"]["node"],
            "z": circuit["z"]["node"],
            "cid": circuit["cid"],
            "metric": circuit["isis_metric"],
            "status": circuit["status"],
            "under_maintenance": circuit["under_maintenance"],
        }
        for circuit in wanted
        if len(_ends(circuit)) == 2 and names.issuperset(end["node"] for end in _ends(circuit))
    ]
    totals = {
        "nodes": len(known),
        "circuits": len(wanted),
        "links": len(links),
        "under_maintenance": sum(circuit["under_maintenance"] for circuit in wanted),
        "nodes_by_status": _by_status(known),
        "circuits_by_status": _by_status(wanted),
    }
    return {"nodes": known, "circuits": wanted, "links": links, "totals": totals}


def _nodes(rows: Iterable[Record]) -> list[Record]:
    return sorted(map(_node, rows), key=lambda node: str(node["name"]))


def _by_status(items: Iterable[Record]) -> dict[str, int]:
    return dict(sorted(Counter(item["status"] for item in items).items()))


def _ends(circuit: Record) -> list[Record]:
    return [circuit[side] for side in ("a", "z") if circuit[side]]


def _node(row: Record) -> Record:
    site = row["site"]
    places = {name: float(site[name]) for name in ("latitude", "longitude") if site[name] is not None}
    addresses = {name: row[name]["address"] if row[name] else None for name in ("primary_ip4", "primary_ip6", "oob_ip")}
    return {
        "name": row["name"],
        "netbox_id": int(row["id"]),
        "subscription": row["custom_fields"].get(FIELD),
        "status": row["status"],
        "site": {"slug": site["slug"], "name": site["name"], "latitude": None, "longitude": None, **places},
        "role": row["role"]["slug"],
        "device_type": row["device_type"]["slug"],
        "platform": row["platform"]["slug"] if row["platform"] else None,
        "loopback_ipv4": addresses["primary_ip4"],
        "loopback_ipv6": addresses["primary_ip6"],
        "management": addresses["oob_ip"],
    }


def _circuit(row: Record) -> Record:
    custom = row["custom_fields"]
    subscription = custom.get(FIELD)
    sides = {item["term_side"]: _end(item, subscription) for item in row["terminations"]}
    ends = {"a": sides.get("A"), "z": sides.get("Z")}
    return {
        "cid": row["cid"],
        "netbox_id": int(row["id"]),
        "subscription": subscription,
        "status": row["status"],
        "isis_metric": custom.get("trunkline_isis_metric"),
        "under_maintenance": bool(custom.get("trunkline_under_maintenance")),
        "speed_mbps": row["commit_rate"] // 1000 if row["commit_rate"] else None,
        "ipv4_prefix": _prefix(ends.values(), "ipv4"),
        "ipv6_prefix": _prefix(ends.values(), "ipv6"),
        **ends,
    }


def _end(termination: Record, subscription: str | None) -> Record | None:
    """Where this side's cable leads to; None where it leads to no interface (yet)."""
    interface = interface_at(termination)
    if interface is None:
        return None
    mine = [row for row in interface["ip_addresses"] if row["custom_fields"].get(FIELD) == subscription]
    addresses = {f"ipv{family_of(row['address'])}": row["address"] for row in mine}
    here = {
        "node": interface["device"]["name"],
        "interface": interface["name"],
        "netbox_interface_id": int(interface["id"]),
    }
    return {**here, "ipv4": None, "ipv6": None, **addresses}


def interface_at(termination: Record) -> Record | None:
    """The interface at the other end of a termination's cable, if that is one."""
    for far in (termination["cable"] or {}).get("terminations", []):
        interface: Record | None = far["termination"]
        if interface and interface["__typename"] == "InterfaceType":
            return interface
    return None


def _prefix(ends: Iterable[Record | None], family: str) -> str | None:
    """The link's prefix: the one that the ends' addresses are in."""
    address = next((end[family] for end in ends if end and end[family]), None)
    return str(ip_interface(address).network) if address else None
