# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A node in NetBox: the device, its loopback and management interfaces, their addresses, the primary addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .netbox_address import (
    ADDRESS_FIELDS,
    interface_of,
)
from .netbox_errors import InUseError, OrderError
from .netbox_plan import FIELD, Pool, Record
from .netbox_pool import POOL_FIELDS, pools_of, with_free
from .netbox_snapshot import Snapshot, owners, parts, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_session import Session

STATUS = {"provisioning": "staged", "active": "active", "migrating": "active", "disabled": "offline"}
LENGTH = {4: 32, 6: 128}

QUERY = f"""
query ($names: [String!], $owned: String!, $sites: [String!], $roles: [String!], $types: [String!],
       $platforms: [String!], $pools: [String!], $management: [String!], $leaving: Boolean!,
       $device_list: OffsetPaginationInput, $ip_address_list: OffsetPaginationInput,
       $prefix_list: OffsetPaginationInput) {{
  device_list(pagination: $device_list, filters: {{name: {{in_list: $names}}, OR: {{custom_field_data: {{
      path: "{FIELD}", lookup: {{string_lookup: {{regex: $owned}}}}}}}}}}) {{
    id name status last_updated custom_fields
    site {{ slug }} role {{ slug }} device_type {{ slug }} platform {{ slug }}
    primary_ip4 {{ id address }} primary_ip6 {{ id address }} oob_ip {{ id address }}
    interfaces {{
      id name type description mgmt_only custom_fields last_updated
      cable {{ id }}
      link_peers @include(if: $leaving) {{
        __typename
        ... on CircuitTerminationType {{ circuit {{ cid }} }}
        ... on InterfaceType {{ name device {{ name }} }}
      }}
    }}
  }}
  ip_address_list(pagination: $ip_address_list, filters: {{address: {{in_list: $management}}, OR: {{
      custom_field_data: {{path: "{FIELD}", lookup: {{string_lookup: {{regex: $owned}}}}}}}}}}) {{
    {ADDRESS_FIELDS}
  }}
  site_list(filters: {{slug: {{in_list: $sites}}}}) {{ slug }}
  device_role_list(filters: {{slug: {{in_list: $roles}}}}) {{ slug }}
  device_type_list(filters: {{slug: {{in_list: $types}}}}) {{ slug interfacetemplates {{ name }} }}
  platform_list(filters: {{slug: {{in_list: $platforms}}}}) {{ slug }}
  prefix_list(filters: {{role: {{slug: {{in_list: $pools}}}}}}, pagination: $prefix_list) {{ {POOL_FIELDS} }}
}}
"""


@dataclass(frozen=True)
class Interface:
    """An interface that the order brings, beside those of the device type."""

    name: str
    type: str = "other"
    description: str = ""
    mgmt_only: bool = False


@dataclass(frozen=True)
class NodeOrder:
    """What is ordered: a node as it shall be in NetBox. `status` is the subscription's."""

    subscription: str
    name: str
    site: str = ""
    role: str = ""
    device_type: str = ""
    platform: str = ""
    status: str = "provisioning"
    management: str = ""
    management_interface: str = "mgmt0"
    loopback_interface: str = "lo0"
    loopback_pool: str = "loopback"
    interfaces: tuple[Interface, ...] = ()


def read(session: Session, orders: Sequence[NodeOrder], *, present: bool, predict: bool) -> Snapshot:
    """Read all that planning needs: one request for a hundred orders, and with `predict` one more a pool."""
    rows = read_rows(session, QUERY, (_asked(part, present) for part in parts(orders)))
    pools: dict[tuple[str, int], tuple[Pool, ...]] = {}
    for role in {order.loopback_pool for order in orders} if present else ():
        for family, length in LENGTH.items():
            found = pools_of(rows["prefix_list"], role, family, length)
            pools[role, family] = with_free(session, found, prefixes=False, wanted=len(orders)) if predict else found
    return Snapshot(rows, pools)


def _asked(orders: Sequence[NodeOrder], present: bool) -> Record:
    return {
        "names": [order.name for order in orders],
        "owned": owners(order.subscription for order in orders),
        "sites": sorted({order.site for order in orders}),
        "roles": sorted({order.role for order in orders}),
        "types": sorted({order.device_type for order in orders}),
        "platforms": sorted({order.platform for order in orders}),
        "pools": sorted({order.loopback_pool for order in orders}),
        "management": [order.management for order in orders if order.management],
        "leaving": not present,
    }


def readable_device(row: Record) -> Record:
    """A device's managed fields as a person reads them."""
    return {
        "name": row["name"],
        "site": row["site"]["slug"],
        "role": row["role"]["slug"],
        "device_type": row["device_type"]["slug"],
        "platform": row["platform"]["slug"] if row["platform"] else None,
        "status": row["status"],
        "primary_ip4": row["primary_ip4"]["address"] if row["primary_ip4"] else None,
        "primary_ip6": row["primary_ip6"]["address"] if row["primary_ip6"] else None,
        "oob_ip": row["oob_ip"]["address"] if row["oob_ip"] else None,
    }


def refuse_unknown(order: NodeOrder, snapshot: Snapshot) -> None:
    """Raise OrderError where the order names what NetBox does not have, or what is another's."""
    for field, value, table, where in (
        ("site", order.site, "site_list", "Organization > Sites"),
        ("role", order.role, "device_role_list", "Devices > Device roles"),
        ("device_type", order.device_type, "device_type_list", "Devices > Device types"),
        ("platform", order.platform, "platform_list", "Devices > Platforms"),
    ):
        if not snapshot.where(table, "slug", value):
            raise OrderError(
                f"{field}: NetBox has no {field.replace('_', ' ')} with slug {value!r}. "
                f"Add it ({where}, or the role trunkline.network.netbox_bootstrap), or order with another."
            )
    for row in snapshot.where("device_list", "name", order.name):
        owner = row["custom_fields"].get(FIELD)
        if owner != order.subscription:
            raise OrderError(
                f"name: NetBox already has a device {order.name!r} (id {row['id']}), "
                f"{f'of subscription {owner}' if owner else 'which no subscription owns'}. "
                f"Choose another name, remove that device, or set its custom field {FIELD} to {order.subscription}."
            )
    for row in snapshot.where("ip_address_list", "address", order.management):
        if row["custom_fields"].get(FIELD) != order.subscription:
            raise OrderError(
                f"management: {order.management} is already in NetBox, on {interface_of(row) or 'no interface'}. "
                "Give the node another management address, or remove that one."
            )


def refuse_in_use(order: NodeOrder, device: Record | None) -> None:
    """Raise InUseError where cables still end on the device."""
    users = []
    for interface in device["interfaces"] if device else []:
        if not interface["cable"]:
            continue
        names = {
            f"circuit {peer['circuit']['cid']}"
            if peer["__typename"] == "CircuitTerminationType"
            else f"a cable to {peer['device']['name']}:{peer['name']}"
            for peer in interface["link_peers"]
            if peer["__typename"] in ("CircuitTerminationType", "InterfaceType")
        }
        users.append(f"{' and '.join(sorted(names)) or 'cable ' + interface['cable']['id']} on {interface['name']}")
    if users:
        raise InUseError(f"name: {order.name} is still in use by {', '.join(users)}. Terminate these first.", users)
