# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What customers get of a router, according to NetBox and to operations that are planned but not done yet.

Ports, L2VPNs with their access points, and the BGP sessions that tell the routers of an L2VPN of each other. What does
not exist is not asked for: a router without ports costs no request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from .addresses import bare
from .netbox_errors import OrderError
from .netbox_interfaces import PORT
from .netbox_plan import FIELD, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .netbox_session import Session

CARRIED = ("planned", "active")
ANY = 'lookup: {string_lookup: {regex: "."}}'
# Part of the query for a device: its ports, and what ends on them.
PORT_FIELDS = f"""
  ports: interfaces(filters: {{custom_field_data: {{path: "{PORT}", {ANY}}}}}) {{
    name description mtu mode custom_fields
    l2vpn_termination {{ l2vpn {{ ...l2vpn }} }}
    child_interfaces {{ l2vpn_termination {{ l2vpn {{ ...l2vpn }} }} }}
  }}
"""
L2VPN_FIELDS = """
fragment l2vpn on L2VPNType { id name identifier status custom_fields
  terminations { assigned_object { __typename
    ... on InterfaceType { name device { name platform { slug } primary_ip4 { address } primary_ip6 { address } } }
  } }
}
"""
# Whether there is any L2VPN: to who reflects routes it matters.
ANY_L2VPN = f'l2vpn_list(filters: {{custom_field_data: {{path: "{FIELD}", {ANY}}}}}, pagination: {{limit: 1}}) {{ id }}'
REFLECTORS = """
query ($roles: [String!], $device_list: OffsetPaginationInput) {
  device_list(filters: {role: {slug: {in_list: $roles}}}, pagination: $device_list) {
    id name custom_fields platform { slug } primary_ip4 { address } primary_ip6 { address }
  }
}
"""
L2VPNS = f"""
query ($l2vpn_list: OffsetPaginationInput) {{
  l2vpn_list(filters: {{custom_field_data: {{path: "{FIELD}", {ANY}}}}}, pagination: $l2vpn_list) {{ ...l2vpn }}
}}
{L2VPN_FIELDS}
"""


@dataclass
class Port:
    """An interface that a customer has."""

    subscription: str = ""
    description: str = ""
    mtu: int | None = None
    mode: str = "access"


@dataclass
class L2vpn:
    """An L2VPN: `ends` are the interfaces where it ends (`ams-pe:eth3`, tagged `ams-pe:eth3.100`)."""

    name: str = ""
    status: str = ""
    vni: int | None = None
    ends: set[str] = field(default_factory=set)

    @property
    def nodes(self) -> set[str]:
        """The routers that carry it; none while it is out of use."""
        return {end.partition(":")[0] for end in self.ends} if self.status in CARRIED else set()


@dataclass
class Services:
    """Ports of one device by interface, L2VPNs by subscription, and the routers that reflect routes.

    `l2vpns` are those of the device, for a reflector all; `any_l2vpn` tells whether there is one anywhere.
    """

    any_l2vpn: bool = False
    ports: dict[str, Port] = field(default_factory=dict)
    l2vpns: dict[str, L2vpn] = field(default_factory=dict)
    reflectors: set[str] = field(default_factory=set)


def note(services: Services, row: Record) -> list[Record]:
    """Take in a device's row; return the devices at the other ends of its services."""
    found: list[Record] = []
    for interface in row.get("ports", []):
        services.ports[interface["name"]] = Port(
            interface["custom_fields"][PORT], interface["description"], interface["mtu"], interface["mode"] or "access"
        )
        for holder in (interface, *interface["child_interfaces"]):
            if holder["l2vpn_termination"]:
                found += _note_l2vpn(services, holder["l2vpn_termination"]["l2vpn"])
    return found


def _note_l2vpn(services: Services, row: Record) -> list[Record]:
    subscription = row["custom_fields"].get(FIELD)
    ends = [item["assigned_object"] for item in row["terminations"] if item["assigned_object"]]
    ends = [end for end in ends if end["__typename"] == "InterfaceType"]
    if subscription:
        services.l2vpns[subscription] = L2vpn(
            row["name"], row["status"], row["identifier"], {f"{end['device']['name']}:{end['name']}" for end in ends}
        )
    return [end["device"] for end in ends]


def read_speakers(
    session: Session, services: Services, device: str, roles: Collection[str], *, reflects: bool
) -> list[Record]:
    """Note who reflects routes, and for one who does (`reflects`) all L2VPNs that there are; return the devices."""
    rows = session.graphql(REFLECTORS, {"roles": sorted(roles)})["device_list"] if roles else []
    found = [row for row in rows if row["custom_fields"].get(FIELD) and row["primary_ip4"]]
    services.reflectors = {row["name"] for row in found if row["name"] != device}
    if reflects:
        for row in session.graphql(L2VPNS, {})["l2vpn_list"]:
            found += _note_l2vpn(services, row)
    return found


def overlay(services: Services, device: str, operations: Iterable[Record]) -> None:
    """Lay planned operations (as the modules port and l2vpn return them) over what NetBox has. Pure."""
    for item in operations:
        after, before = item.get("after") or {}, item.get("before") or {}
        if item["type"] == "dcim.interface" and ("port" in after or item["name"].partition(":")[0] == device):
            _overlay_port(services, device, item, after)
        elif item["type"] == "vpn.l2vpn" and item["op"] == "delete":
            services.l2vpns.pop(item["subscription"], None)
        elif item["type"] == "vpn.l2vpn":
            services.any_l2vpn = True
            l2vpn = services.l2vpns.setdefault(item["subscription"], L2vpn())
            l2vpn.name = after.get("name", l2vpn.name)
            l2vpn.status = after.get("status", l2vpn.status)
            l2vpn.vni = after.get("identifier", l2vpn.vni)
        elif item["type"] == "vpn.l2vpntermination" and item["subscription"] in services.l2vpns:
            ends = services.l2vpns[item["subscription"]].ends
            ends -= {before.get("interface")}
            ends |= {after["interface"]} if after.get("interface") else set()


def _overlay_port(services: Services, device: str, item: Record, after: Record) -> None:
    node, _colon, name = item["name"].partition(":")
    if node != device or item["op"] == "create":
        return
    if "port" in after and after["port"] is None:
        services.ports.pop(name, None)
    elif "port" in after or name in services.ports:
        port = services.ports.setdefault(name, Port())
        port.subscription = after.get("port", port.subscription)
        port.description = after.get("description", port.description)
        port.mtu = after.get("mtu", port.mtu)
        port.mode = after.get("mode", port.mode) or "access"


def nodes_in(operations: Iterable[Record]) -> set[str]:
    """The devices on which the planned operations put L2VPNs."""
    planned = ((item.get("after") or {}).get("interface") for item in operations if item["type"].startswith("vpn."))
    return {end.partition(":")[0] for end in planned if end}


def intent_of(
    services: Services, device: str, loopbacks: Mapping[str, str], evpn: Mapping[str, object], *, reflects: bool
) -> Record:
    """Ports, L2VPNs and BGP as data for a template; `loopbacks` are IPv4 addresses by device. Raises OrderError."""
    carried = {key: item for key, item in services.l2vpns.items() if device in item.nodes}
    ports = [
        {
            "interface": name,
            "subscription": port.subscription,
            "description": port.description or f"port {port.subscription}",
            "mtu": port.mtu,
            "tagged": port.mode == "tagged",
        }
        for name, port in services.ports.items()
    ]
    l2vpns = [
        {
            "subscription": subscription,
            "name": item.name,
            "vni": item.vni,
            "saps": _saps(device, item, services.ports),
            "vteps": sorted(_loopback(node, loopbacks) for node in item.nodes - {device}),
        }
        for subscription, item in sorted(carried.items(), key=lambda pair: pair[1].name)
    ]
    return {"ports": ports, "l2vpns": l2vpns, "bgp": _bgp(services, device, loopbacks, evpn, reflects=reflects)}


def _bgp(
    services: Services, device: str, loopbacks: Mapping[str, str], evpn: Mapping[str, object], *, reflects: bool
) -> Record | None:
    """The router's BGP sessions: with the reflectors, for a reflector also with who carries an L2VPN; without any
    reflector with the other routers of its L2VPNs. None for one that neither carries an L2VPN nor reflects for one.
    """
    carried = [item.nodes for item in services.l2vpns.values() if device in item.nodes]
    speakers = {node for item in services.l2vpns.values() for node in item.nodes} - {device}
    clients = speakers - services.reflectors if reflects else set()
    if not carried and not clients:
        return None
    if not evpn.get("asn"):
        raise OrderError(
            f"device: NetBox has no EVPN settings for {device} (key 'evpn' of its config context). "
            "Run playbooks/netbox_bootstrap.yml."
        )
    peers = clients | services.reflectors or set().union(*carried) - {device}
    neighbors = [{"name": node, "address": _loopback(node, loopbacks), "client": node in clients} for node in peers]
    # As FRR lists them.
    neighbors.sort(key=lambda item: ip_address(str(item["address"])).packed)
    return {"asn": evpn["asn"], "router_id": _loopback(device, loopbacks), "neighbors": neighbors}


def _saps(device: str, l2vpn: L2vpn, ports: Mapping[str, Port]) -> list[Record]:
    found = []
    for end in sorted(l2vpn.ends):
        node, _colon, name = end.partition(":")
        if node != device:
            continue
        parent, _dot, vlan = name.rpartition(".")
        interface, tag = (name, None) if name in ports or not vlan.isdigit() else (parent, int(vlan))
        mtu = ports[interface].mtu if interface in ports else None
        found.append({"interface": interface, "vlan": tag, "mtu": mtu})
    return found


def _loopback(node: str, loopbacks: Mapping[str, str]) -> str:
    if node not in loopbacks:
        raise OrderError(f"device: {node} has no primary IPv4 address in NetBox, so no loopback. Run its order again.")
    return bare(loopbacks[node])
