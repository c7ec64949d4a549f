# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What a router must carry, according to NetBox, and according to operations that are planned but not done yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import netbox_services
from .addresses import bare, family_of, iso_net
from .netbox_errors import OrderError
from .netbox_plan import FIELD, Record
from .netbox_services import ANY_L2VPN, L2VPN_FIELDS, PORT_FIELDS, Services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .netbox_session import Session

CARRIED = ("provisioning", "active")
LOOPBACK = {"frr": "lo", "nokia-srlinux": "system0"}

# By the cable, not by link_peers: those NetBox looks up one by one, at ten times the cost.
_BODY = """
query ($device: String!, $neighbors: [String!], $context: String!) {
  device_list(filters: {name: {exact: $device}}) { ...router config_context
    interfaces(filters: {cable: {id: {is_null: false}}}) {
      cable { terminations { termination { __typename
        ... on CircuitTerminationType { circuit { cid status custom_fields
          terminations { term_side cable { terminations { termination { __typename
            ... on InterfaceType { name ip_addresses { address custom_fields }
              device { name primary_ip4 { address } primary_ip6 { address } } } } } } } } }
      } } }
    }
    ...ports
  }
  neighbors: device_list(filters: {name: {in_list: $neighbors}}) { ...router }
  config_context_list(filters: {name: {exact: $context}}) { is_active data }
  carried: %s
}
fragment router on DeviceType {
  name role { slug } platform { slug } primary_ip4 { address } primary_ip6 { address }
}
"""
QUERY = f"{_BODY % ANY_L2VPN}\nfragment ports on DeviceType {{ {PORT_FIELDS} }}\n{L2VPN_FIELDS}"


@dataclass
class Router:
    """A device: its platform, its role and its loopback addresses."""

    platform: str = ""
    role: str = ""
    loopback: dict[int, str] = field(default_factory=dict)


@dataclass
class Circuit:
    """A circuit: where it ends (`ams-pe:eth1` by side), with which addresses, and how it is to be used."""

    cid: str = ""
    status: str = ""
    isis_metric: int = 10
    under_maintenance: bool = False
    ends: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def carried(self) -> bool:
        """Whether routers carry it: in use, and documented completely."""
        complete = len(self.ends) == 2 and all(len(self.addresses.get(end, {})) == 2 for end in self.ends.values())
        return complete and self.status in CARRIED


@dataclass
class Fabric:
    """The part of the network that concerns one device."""

    routers: dict[str, Router] = field(default_factory=dict)
    circuits: dict[str, Circuit] = field(default_factory=dict)
    context: Record = field(default_factory=dict)
    services: Services = field(default_factory=Services)


def read(session: Session, device: str, overlay: Iterable[Record], context: str) -> Fabric:
    """What NetBox has of the device and of the neighbours it has or is going to have: one request."""
    neighbors = netbox_services.nodes_in(overlay) | {
        end.partition(":")[0] for item in overlay for end in [(item.get("after") or {}).get("a")] if end
    }
    asked = {"device": device, "neighbors": sorted(neighbors - {device}), "context": context}
    rows = session.graphql(QUERY, asked)
    fabric = Fabric(context=next((row["data"] for row in rows["config_context_list"] if row["is_active"]), {}))
    fabric.services.any_l2vpn = bool(rows["carried"])
    for row in (*rows["device_list"], *rows["neighbors"]):
        _note_router(fabric, row)
    for row in rows["device_list"]:
        fabric.context = row["config_context"] or fabric.context
        for interface in row["interfaces"]:
            _note_circuits(fabric, interface)
        for far in netbox_services.note(fabric.services, row):
            _note_router(fabric, far)
    return fabric


def _note_router(fabric: Fabric, row: Record) -> None:
    addresses = [row[name]["address"] for name in ("primary_ip4", "primary_ip6") if row[name]]
    platform = (row.get("platform") or {}).get("slug", "")
    loopback = {family_of(address): address for address in addresses}
    fabric.routers.setdefault(row["name"], Router(platform, (row.get("role") or {}).get("slug", ""), loopback))


def _note_circuits(fabric: Fabric, interface: Record) -> None:
    for row in (end["circuit"] for end in _cabled(interface) if end["__typename"] == "CircuitTerminationType"):
        subscription = row["custom_fields"].get(FIELD)
        if not subscription:
            continue
        circuit = fabric.circuits.setdefault(subscription, Circuit())
        _set_fields(circuit, {**row, **_without_prefix(row["custom_fields"])})
        for termination in row["terminations"]:
            for end in _cabled(termination):
                if end["__typename"] == "InterfaceType":
                    _note_router(fabric, end["device"])
                    label = f"{end['device']['name']}:{end['name']}"
                    circuit.ends[termination["term_side"]] = label
                    circuit.addresses[label] = {
                        family_of(item["address"]): item["address"]
                        for item in end["ip_addresses"]
                        if item["custom_fields"].get(FIELD) == subscription
                    }


def _cabled(end: Record) -> list[Record]:
    """What is on the cable of an interface or of a circuit's termination, both ends."""
    return [item["termination"] for item in (end["cable"] or {}).get("terminations", []) if item["termination"]]


def _without_prefix(custom_fields: Record) -> Record:
    return {name.removeprefix("trunkline_"): value for name, value in custom_fields.items()}


def _set_fields(circuit: Circuit, fields: Record) -> None:
    for name in ("cid", "status", "isis_metric", "under_maintenance"):
        if fields.get(name) is not None:
            setattr(circuit, name, fields[name])


def overlaid(fabric: Fabric, overlay: Iterable[Record]) -> Fabric:
    """The fabric as it will be after the planned operations (as the modules return them). Pure."""
    for item in overlay:
        after, before = item.get("after") or {}, item.get("before") or {}
        if item["type"] == "dcim.device":
            _overlay_router(fabric, item["op"], item["name"], before, after)
        elif item["type"] == "circuits.circuit" and item["op"] == "delete":
            fabric.circuits.pop(item["subscription"], None)
        elif item["type"] == "circuits.circuit":
            _set_fields(fabric.circuits.setdefault(item["subscription"], Circuit()), after)
        elif item["subscription"] in fabric.circuits and item["type"] in ("dcim.cable", "ipam.ipaddress"):
            _overlay_end(fabric.circuits[item["subscription"]], item, before, after)
    return fabric


def _overlay_router(fabric: Fabric, op: str, name: str, before: Record, after: Record) -> None:
    if op == "delete":
        fabric.routers.pop(name, None)
        return
    router = fabric.routers.pop(before.get("name", name), None) or Router()
    fabric.routers[name] = router
    router.platform = after.get("platform") or router.platform
    router.role = after.get("role") or router.role
    for family in (4, 6):
        if after.get(f"primary_ip{family}"):
            router.loopback[family] = after[f"primary_ip{family}"]


def _overlay_end(circuit: Circuit, item: Record, before: Record, after: Record) -> None:
    if item["type"] == "dcim.cable":
        if item["op"] == "create":
            circuit.ends[after["b"].rpartition(" ")[2]] = after["a"]
        elif item["op"] == "delete":
            circuit.ends.pop((before["b"] or "").rpartition(" ")[2], None)
        return
    address = after.get("address") or item["name"]
    if before.get("interface"):
        circuit.addresses.get(before["interface"], {}).pop(family_of(address), None)
    if after.get("interface"):
        circuit.addresses.setdefault(after["interface"], {})[family_of(address)] = address


def intent_from(session: Session, device: str, overlay: list[Record], context: str, platform: str = "") -> Record:
    """Read, lay the planned operations over it, build: what the device must carry."""
    fabric = overlaid(read(session, device, overlay, context), overlay)
    netbox_services.overlay(fabric.services, device, overlay)
    if concerns_evpn(device, fabric):
        roles, reflects = reflector_roles(fabric), is_reflector(device, fabric)
        for row in netbox_services.read_speakers(session, fabric.services, device, roles, reflects=reflects):
            _note_router(fabric, row)
        netbox_services.overlay(fabric.services, device, overlay)
    return intent_of(device, fabric, platform)


def reflector_roles(fabric: Fabric) -> list[str]:
    """The roles of the routers that reflect BGP routes."""
    return list((fabric.context.get("evpn") or {}).get("reflector_roles") or [])


def is_reflector(device: str, fabric: Fabric) -> bool:
    """Whether the device's role makes it reflect routes."""
    router = fabric.routers.get(device)
    return router is not None and router.role in reflector_roles(fabric)


def concerns_evpn(device: str, fabric: Fabric) -> bool:
    """Whether it matters to the device who else carries L2VPNs."""
    carries = any(device in item.nodes for item in fabric.services.l2vpns.values())
    return carries or (fabric.services.any_l2vpn and is_reflector(device, fabric))


def intent_of(device: str, fabric: Fabric, platform: str = "") -> Record:
    """All that the device must carry, as data for a template. Without the device: nothing, so that all is removed."""
    router = fabric.routers.get(device)
    kind = router.platform if router and router.platform else platform
    nothing: Record = {
        "device": device,
        "platform": kind,
        "hostname": device,
        "loopback": None,
        "isis": None,
        "circuits": [],
        "ports": [],
        "l2vpns": [],
        "bgp": None,
    }
    if router is None:
        return nothing
    for family in (4, 6):
        if family not in router.loopback:
            raise OrderError(
                f"device: {device} has no primary IPv{family} address in NetBox, so no loopback. Run its order again."
            )
    isis = fabric.context.get("isis")
    if not isis:
        raise OrderError(
            f"device: NetBox has no IS-IS settings for {device} (key 'isis' of its config context). "
            "Run playbooks/netbox_bootstrap.yml."
        )
    circuits = [
        _carried(circuit, subscription, side, fabric)
        for subscription, circuit in fabric.circuits.items()
        for side, end in circuit.ends.items()
        if circuit.carried and end.partition(":")[0] == device
    ]
    return {
        **nothing,
        "loopback": {
            "interface": LOOPBACK.get(kind, "lo0"),
            "ipv4": router.loopback[4],
            "ipv6": router.loopback[6],
        },
        "isis": {**isis, "net": iso_net(router.loopback[4], isis["area"])},
        "circuits": sorted(circuits, key=lambda item: _natural(item["interface"])),
        **netbox_services.intent_of(
            fabric.services,
            device,
            {name: router.loopback[4] for name, router in fabric.routers.items() if 4 in router.loopback},
            fabric.context.get("evpn") or {},
            reflects=is_reflector(device, fabric),
        ),
    }


def _carried(circuit: Circuit, subscription: str, side: str, fabric: Fabric) -> Record:
    here = circuit.ends[side]
    there = circuit.ends["Z" if side == "A" else "A"]
    neighbor = there.partition(":")[0]
    other = fabric.routers.get(neighbor, Router()).loopback
    metric = circuit.isis_metric
    if circuit.under_maintenance:
        metric = fabric.context.get("maintenance_metric", metric)
    return {
        "subscription": subscription,
        "cid": circuit.cid,
        "interface": here.partition(":")[2],
        "description": f"{circuit.cid} to {there}",
        "ipv4": circuit.addresses[here][4],
        "ipv6": circuit.addresses[here][6],
        "metric": metric,
        "neighbor": neighbor,
        "neighbor_ipv4": bare(circuit.addresses[there][4]),
        "neighbor_ipv6": bare(circuit.addresses[there][6]),
        "neighbor_loopback_ipv4": bare(other[4]) if 4 in other else None,
        "neighbor_loopback_ipv6": bare(other[6]) if 6 in other else None,
    }


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
