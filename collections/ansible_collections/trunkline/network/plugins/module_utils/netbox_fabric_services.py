# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What customers have of the network, as it is in NetBox: ports, and the L2VPNs between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .netbox_interfaces import PORT
from .netbox_plan import FIELD, Record
from .netbox_port import MODES
from .netbox_services import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .netbox_session import Session

# An interface has no status of its own.
IN_SERVICE = "active"
ORDERED_MODES = {mode: ordered for ordered, mode in MODES.items()}
SERVICES = f"""
query ($interface_list: OffsetPaginationInput, $l2vpn_list: OffsetPaginationInput) {{
  interface_list(filters: {{custom_field_data: {{path: "{PORT}", {ANY}}}}}, pagination: $interface_list) {{
    id name description mtu speed mode custom_fields device {{ name }}
  }}
  l2vpn_list(filters: {{custom_field_data: {{path: "{FIELD}", {ANY}}}}}, pagination: $l2vpn_list) {{
    id name status identifier description custom_fields
    terminations {{ assigned_object {{ __typename
      ... on InterfaceType {{ name parent {{ name }} device {{ name }} }} }} }}
  }}
}}
"""


def services_from(session: Session) -> Record:
    """All ports and L2VPNs: one request, and one more for each further page."""
    return services_of(session.graphql(SERVICES, {}))


def services_of(rows: Record) -> Record:
    """The same from NetBox's rows. Pure."""
    return {
        "ports": sorted(map(_port, rows["interface_list"]), key=lambda port: str(port["name"])),
        "l2vpns": sorted(map(_l2vpn, rows["l2vpn_list"]), key=lambda l2vpn: str(l2vpn["name"])),
    }


def _port(row: Record) -> Record:
    node = row["device"]["name"]
    return {
        "name": f"{node}:{row['name']}",
        "netbox_interface_id": int(row["id"]),
        "subscription": row["custom_fields"][PORT],
        "status": IN_SERVICE,
        "node": node,
        "interface": row["name"],
        "mode": ORDERED_MODES.get(row["mode"] or "", "untagged"),
        "label": row["description"] or None,
        "speed_mbps": row["speed"] // 1000 if row["speed"] else None,
        "mtu": row["mtu"],
    }


def _l2vpn(row: Record) -> Record:
    return {
        "name": row["name"],
        "netbox_id": int(row["id"]),
        "subscription": row["custom_fields"][FIELD],
        "status": row["status"],
        "label": row["description"] or None,
        "vni": row["identifier"],
        "saps": sorted(_saps(row["terminations"]), key=lambda sap: (sap["port"], sap["vlan"] or 0)),
    }


def _saps(terminations: Iterable[Record]) -> list[Record]:
    ends = (row["assigned_object"] for row in terminations)
    return [_sap(end) for end in ends if end and end["__typename"] == "InterfaceType"]


def _sap(end: Record) -> Record:
    """An access point: on a port itself, or on an interface below it that has the VLAN in its name (`eth3.100`)."""
    if end["parent"] is None:
        return {"port": f"{end['device']['name']}:{end['name']}", "vlan": None}
    tag = end["name"].rpartition(".")[2]
    return {"port": f"{end['device']['name']}:{end['parent']['name']}", "vlan": int(tag) if tag.isdigit() else None}
