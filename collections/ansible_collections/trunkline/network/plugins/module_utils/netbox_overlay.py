# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""NetBox as it will be once planned operations are done, so that a plan can build upon another plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .netbox_plan import Record
    from .netbox_session import Session

TEMPLATES = """
query ($types: [String!], $interface_template_list: OffsetPaginationInput) {
  interface_template_list(filters: {device_type: {slug: {in_list: $types}}}, pagination: $interface_template_list) {
    id name type mgmt_only device_type { slug }
  }
}
"""
KINDS = {
    "dcim.site": "site_list",
    "dcim.devicerole": "device_role_list",
    "dcim.devicetype": "device_type_list",
    "dcim.platform": "platform_list",
}
# Of what does not exist yet. Only plans contain it, and plans are not sent.
NO_ID = 0


def lay_over(session: Session, rows: dict[str, list[Record]], overlay: Iterable[Record]) -> None:
    """Put the planned operations (as the modules return them) into a snapshot's rows.

    Sites, roles, device types and platforms to be made count as there; devices to be made appear with the interfaces
    that their type brings (one request); and cables to be removed no longer occupy theirs.
    """
    operations = list(overlay)
    _kinds(rows, operations)
    freed = {item["before"]["a"] for item in operations if item["op"] == "delete" and item["type"] == "dcim.cable"}
    for device in rows.get("device_list", []):
        for interface in device["interfaces"]:
            if f"{device['name']}:{interface['name']}" in freed:
                interface["cable"] = None
    made = [item["after"] for item in operations if item["op"] == "create" and item["type"] == "dcim.device"]
    if made:
        types = sorted({device["device_type"] for device in made})
        templates = session.graphql(TEMPLATES, {"types": types})["interface_template_list"]
        rows["device_list"] += [_device(device, templates, operations) for device in made]


def _kinds(rows: dict[str, list[Record]], operations: list[Record]) -> None:
    made = [item for item in operations if item["op"] == "create"]
    templates = [item["after"] for item in made if item["type"] == "dcim.interfacetemplate"]
    for item in made:
        table, slug = KINDS.get(item["type"]), item["name"]
        if table in rows:
            brought = [{"name": one["name"]} for one in templates if one["device_type"] == slug]
            rows[table].append({"slug": slug, "interfacetemplates": brought})


def _device(device: Record, templates: list[Record], operations: list[Record]) -> Record:
    """A device to be made, as the query of a circuit would find it."""
    name = device["name"]
    later: Record = {}
    brought = [row for row in templates if row["device_type"]["slug"] == device["device_type"]]
    for item in operations:
        if item["op"] == "update" and item["type"] == "dcim.device" and item["name"] == name:
            later |= item["after"]
        if item["op"] == "create" and item["type"] == "dcim.interface" and item["after"]["device"] == name:
            brought.append(item["after"])
    interfaces = [
        {
            "id": NO_ID,
            "name": row["name"],
            "type": row["type"],
            "mgmt_only": bool(row.get("mgmt_only")),
            "description": "",
            "mtu": None,
            "speed": None,
            "mode": None,
            "enabled": True,
            "custom_fields": {},
            "last_updated": "",
            "cable": None,
        }
        for row in brought
    ]
    addresses = {field: {"address": later[field]} if later.get(field) else None for field in ("oob_ip", "primary_ip4")}
    return {
        "id": NO_ID,
        "name": name,
        "site": {"id": NO_ID, "slug": device["site"]},
        "platform": {"slug": device["platform"]},
        "interfaces": interfaces,
        "usable": [row["name"] for row in interfaces if row["type"] != "virtual" and not row["mgmt_only"]],
        "custom_fields": {},
        **addresses,
    }
