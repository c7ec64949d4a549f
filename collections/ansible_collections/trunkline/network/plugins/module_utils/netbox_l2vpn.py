# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""An L2VPN in NetBox: what is ordered, what is there, and what makes the order impossible.

netbox_l2vpn_plan.py decides what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .netbox_errors import OrderError
from .netbox_interfaces import PORT, reachable
from .netbox_plan import FIELD, Record
from .netbox_snapshot import OWNED, Snapshot, owners, parts, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .netbox_session import Session

STATUS = {"provisioning": "planned", "active": "active", "migrating": "active", "disabled": "decommissioning"}
VLAN_IDS = range(1, 4095)
HIGHEST_VNI = 16777215

DEVICE = "name platform { slug } oob_ip { address } primary_ip4 { address }"
QUERY = f"""
query ($devices: [String!], $interfaces: [String!], $owned: String!, $context: String!,
       $device_list: OffsetPaginationInput, $l2vpn_list: OffsetPaginationInput,
       $interface_list: OffsetPaginationInput, $vlan_list: OffsetPaginationInput) {{
  device_list(filters: {{name: {{in_list: $devices}}}}, pagination: $device_list) {{
    id {DEVICE}
    interfaces(filters: {{name: {{in_list: $interfaces}}}}) {{
      id name mode custom_fields
      l2vpn_termination {{ l2vpn {{ name custom_fields }} }} child_interfaces {{ name custom_fields }}
    }}
  }}
  l2vpn_list(filters: {OWNED}, pagination: $l2vpn_list) {{
    id name slug type status identifier description custom_fields last_updated
    terminations {{ id custom_fields assigned_object {{ __typename
      ... on InterfaceType {{ id name device {{ {DEVICE} }} }} }} }}
  }}
  interface_list(filters: {OWNED}, pagination: $interface_list) {{
    id name custom_fields last_updated type parent {{ id }} device {{ {DEVICE} }}
  }}
  vlan_list(filters: {OWNED}, pagination: $vlan_list) {{ id vid name custom_fields last_updated }}
  config_context_list(filters: {{name: {{exact: $context}}}}) {{ id is_active data }}
}}
"""
REFLECTORS = f"""
query ($roles: [String!], $device_list: OffsetPaginationInput) {{
  device_list(filters: {{role: {{slug: {{in_list: $roles}}}}}}, pagination: $device_list) {{
    id {DEVICE} custom_fields
  }}
}}
"""


@dataclass(frozen=True)
class Sap:
    """A service access point: a port (`ams-pe:eth3`), and on one that is tagged the VLAN."""

    port: str
    vlan: int | None = None

    @property
    def node(self) -> str:
        """The port's node."""
        return self.port.partition(":")[0]

    @property
    def interface(self) -> str:
        """The port's interface."""
        return self.port.partition(":")[2]

    @property
    def label(self) -> str:
        """The interface that the L2VPN ends on: `ams-pe:eth3`, tagged `ams-pe:eth3.100`."""
        return self.port if self.vlan is None else f"{self.port}.{self.vlan}"


@dataclass(frozen=True)
class L2vpnOrder:
    """What is ordered: an L2VPN as it shall be in NetBox. `status` is the subscription's."""

    subscription: str
    saps: tuple[Sap, ...] = ()
    status: str = "provisioning"
    description: str = ""
    vni_base: int = 10000
    config_context: str = "trunkline"

    @property
    def name(self) -> str:
        """The L2VPN's name in NetBox: from the subscription's UUID, so that it never changes."""
        return f"TL-{self.subscription.replace('-', '')[-12:].upper()}"


def read(session: Session, orders: Sequence[L2vpnOrder], *, predict: bool) -> Snapshot:
    """Read all that planning needs: one request for a hundred orders, one for the route reflectors, and with `predict`
    one for the number that NetBox will give next.
    """
    interfaces = sorted({sap.interface for order in orders for sap in order.saps})
    rows = read_rows(session, QUERY, (_asked(part, interfaces) for part in parts(orders)))
    roles = {role for row in rows["config_context_list"] if row["is_active"] for role in _roles(row["data"])}
    found = session.graphql(REFLECTORS, {"roles": sorted(roles)})["device_list"] if roles else []
    rows["reflectors"] = [row for row in found if row["custom_fields"].get(FIELD)]
    if predict:
        newest = session.get("vpn/l2vpns/", {"ordering": "-id", "limit": 1, "brief": "true"})["results"]
        rows["next"] = [{"id": (newest[0]["id"] if newest else 0) + 1}]
    return Snapshot(rows)


def _asked(orders: Sequence[L2vpnOrder], interfaces: Sequence[str]) -> Record:
    return {
        "devices": sorted({sap.node for order in orders for sap in order.saps}),
        "interfaces": interfaces,
        "owned": owners(order.subscription for order in orders),
        "context": orders[0].config_context,
    }


def _roles(context: Record) -> list[str]:
    return list((context.get("evpn") or {}).get("reflector_roles") or [])


def lay_over(rows: dict[str, list[Record]], operations: Iterable[Record]) -> None:
    """Put planned ports (operations as the module port returns them) into the rows of devices that exist."""
    planned = {item["name"]: item["after"] for item in operations if item["type"] == "dcim.interface" and item["after"]}
    for device in rows["device_list"]:
        for row in device["interfaces"]:
            after = planned.get(f"{device['name']}:{row['name']}", {})
            row["mode"] = after.get("mode", row["mode"])
            if "port" in after:
                row["custom_fields"] = {**row["custom_fields"], PORT: after["port"]}


def devices_of(orders: Sequence[L2vpnOrder], snapshot: Snapshot) -> list[Record]:
    """The routers that the orders concern: those of the access points, also of those that there are now, and those that
    reflect routes.
    """
    names = {sap.node for order in orders for sap in order.saps}
    found = {row["name"]: row for row in snapshot.rows["device_list"] if row["name"] in names}
    for order in orders:
        for l2vpn in snapshot.owned("l2vpn_list", order.subscription):
            for end in ends_of(l2vpn):
                found.setdefault(end["device"]["name"], end["device"])
    for row in snapshot.rows["reflectors"]:
        found.setdefault(row["name"], row)
    return [reachable(row) for row in found.values() if row["oob_ip"] or row["primary_ip4"]]


def ends_of(l2vpn: Record) -> list[Record]:
    """The interfaces on which an L2VPN ends in NetBox."""
    ends = [row["assigned_object"] for row in l2vpn["terminations"]]
    return [end for end in ends if end and end["__typename"] == "InterfaceType"]


def port_of(order: L2vpnOrder, number: int, sap: Sap, snapshot: Snapshot) -> Record:
    """The interface row of the access point's port. Raises OrderError for one that cannot be used."""
    where = f"saps[{number}]"
    device = next(iter(snapshot.where("device_list", "name", sap.node)), None)
    row: Record | None = (
        next((row for row in device["interfaces"] if row["name"] == sap.interface), None) if device else None
    )
    if row is None or not row["custom_fields"].get(PORT):
        raise OrderError(f"{where}.port: {sap.port} is not a port. Order it first, or correct the name.")
    if row["mode"] == "tagged" and sap.vlan is None:
        raise OrderError(f"{where}.vlan: {sap.port} takes tagged frames: say which VLAN.")
    if row["mode"] != "tagged" and sap.vlan is not None:
        raise OrderError(f"{where}.vlan: {sap.port} takes untagged frames: leave it out, or use a tagged port.")
    taken = row["l2vpn_termination"]
    if taken and taken["l2vpn"]["custom_fields"].get(FIELD) != order.subscription:
        raise OrderError(f"{where}.port: {sap.port} is used by {taken['l2vpn']['name']}. Use another port.")
    for child in row["child_interfaces"]:
        owner = child["custom_fields"].get(FIELD)
        if sap.vlan is not None and child["name"] == f"{sap.interface}.{sap.vlan}" and owner != order.subscription:
            raise OrderError(f"{where}.vlan: {sap.label} is used by subscription {owner}. Use another VLAN.")
    return row


def readable_l2vpn(row: Record) -> Record:
    """An L2VPN's managed fields as a person reads them."""
    return {name: row[name] for name in ("name", "slug", "type", "status", "description", "identifier")}
