# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A port in NetBox: an interface of a device that is given to a customer, and given back. Reads, and plans (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .netbox_errors import InUseError, OrderError, said_of
from .netbox_interfaces import PORT, USABLE, reachable, usable
from .netbox_plan import FIELD, Operation, Plan, Record, changed
from .netbox_snapshot import Snapshot, owners, parts, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_session import Session

# What a customer sends is what NetBox calls the interface's mode.
MODES = {"untagged": "access", "tagged": "tagged"}
INTERFACE = """
  id name type mgmt_only description mtu speed mode enabled custom_fields last_updated cable { id custom_fields }
"""
QUERY = f"""
query ($devices: [String!], $interfaces: [String!], $owned: String!, $device_list: OffsetPaginationInput,
       $interface_list: OffsetPaginationInput) {{
  device_list(filters: {{name: {{in_list: $devices}}}}, pagination: $device_list) {{
    id name platform {{ slug }} oob_ip {{ address }} primary_ip4 {{ address }}
    interfaces(filters: {{name: {{in_list: $interfaces}}}}) {{ {INTERFACE} }}
  }}
  interface_list(filters: {{custom_field_data: {{path: "{PORT}", lookup: {{string_lookup: {{regex: $owned}}}}}}}},
                 pagination: $interface_list) {{
    {INTERFACE}
    device {{ name platform {{ slug }} oob_ip {{ address }} primary_ip4 {{ address }} }}
    child_interfaces {{ l2vpn_termination {{ l2vpn {{ name }} }} }}
    l2vpn_termination {{ l2vpn {{ name }} }}
  }}
}}
"""
RELEASED: Record = {"description": "", "mtu": None, "speed": None, "mode": "", "port": None}


@dataclass(frozen=True)
class PortOrder:
    """What is ordered: an interface as it shall be in NetBox. `status` is the subscription's; an interface has none."""

    subscription: str
    node: str = ""
    interface: str = ""
    mode: str = "untagged"
    description: str = ""
    speed_mbps: int | None = None
    mtu: int | None = None
    status: str = "provisioning"

    @property
    def label(self) -> str:
        """`ams-pe:eth3`."""
        return f"{self.node}:{self.interface}"


def read(session: Session, orders: Sequence[PortOrder], *, present: bool) -> Snapshot:
    """Read all that planning needs: one request for a hundred orders, and one more where an interface is unknown."""
    interfaces = sorted({order.interface for order in orders})
    rows = read_rows(
        session,
        QUERY,
        (
            {
                "devices": sorted({order.node for order in part}),
                "interfaces": interfaces,
                "owned": owners(order.subscription for order in part),
            }
            for part in parts(orders)
        ),
    )
    devices = {row["name"]: row for row in rows["device_list"]}
    mistaken = {
        order.node
        for order in orders
        if present and order.node in devices and _row_of(order, devices[order.node]) is None
    }
    if mistaken:
        for row in session.graphql(USABLE, {"devices": sorted(mistaken)})["interface_list"]:
            if usable(row):
                devices[row["device"]["name"]].setdefault("usable", []).append(row["name"])
    return Snapshot(rows)


def _row_of(order: PortOrder, device: Record) -> Record | None:
    return next((row for row in device["interfaces"] if row["name"] == order.interface and usable(row)), None)


def devices_of(orders: Sequence[PortOrder], snapshot: Snapshot) -> list[Record]:
    """The routers that the orders concern: those of the ports, and those whose interfaces they had until now."""
    names = {order.node for order in orders}
    found = {row["name"]: row for row in snapshot.rows["device_list"] if row["name"] in names}
    for order in orders:
        for row in snapshot.where("interface_list", PORT, order.subscription):
            found.setdefault(row["device"]["name"], row["device"])
    return [reachable(row) for row in found.values() if row["oob_ip"] or row["primary_ip4"]]


def plan_present(orders: Sequence[PortOrder], snapshot: Snapshot) -> Plan:
    """The operations that give the interfaces to their orders. Raises OrderError before anything would change."""
    plan = Plan()
    for order in orders:
        with said_of(order.label, len(orders) > 1):
            row = _interface(order, snapshot)
            plan.operations += _release(order, snapshot, but=order.label)
        wanted = {
            "description": order.description,
            "mtu": order.mtu,
            "speed": order.speed_mbps * 1000 if order.speed_mbps else None,
            "mode": MODES[order.mode],
            "enabled": True,
            "port": order.subscription,
        }
        plan.operations += _correct(order, order.label, row, wanted)
        plan.objects.append(
            {
                "name": order.label,
                "netbox_interface_id": int(row["id"]),
                "subscription": order.subscription,
                "node": order.node,
                "interface": order.interface,
                "mode": order.mode,
                "description": order.description,
                "speed_mbps": order.speed_mbps,
                "mtu": order.mtu,
            }
        )
    return plan


def plan_absent(orders: Sequence[PortOrder], snapshot: Snapshot) -> Plan:
    """The operations that take the interfaces back. Raises InUseError where a service still uses one."""
    plan = Plan()
    for order in orders:
        with said_of(order.label, len(orders) > 1):
            plan.operations += _release(order, snapshot)
        plan.objects.append(
            {
                "name": order.label,
                "netbox_interface_id": None,
                "subscription": order.subscription,
                "node": order.node,
                "interface": order.interface,
            }
        )
    return plan


def _interface(order: PortOrder, snapshot: Snapshot) -> Record:
    device = next(iter(snapshot.where("device_list", "name", order.node)), None)
    if device is None:
        raise OrderError(f"node: NetBox has no device {order.node!r}. Order that node first, or correct the name.")
    row = _row_of(order, device)
    if row is None:
        raise OrderError(
            f"interface: {order.node} has no interface {order.interface!r} that could be a port. "
            f"It has {', '.join(device.get('usable', [])) or 'none'}."
        )
    owner = row["custom_fields"].get(PORT)
    if owner not in (None, order.subscription):
        raise OrderError(
            f"interface: {order.label} belongs to subscription {owner}. Choose another, or terminate that first."
        )
    if row["cable"] and row["cable"]["custom_fields"].get(FIELD):
        raise OrderError(
            f"interface: {order.label} carries a circuit (cable {row['cable']['id']}). "
            "Choose another interface, or terminate that circuit."
        )
    return row


def _release(order: PortOrder, snapshot: Snapshot, but: str = "") -> list[Operation]:
    """What takes back the interfaces of the order, all `but` this one."""
    operations: list[Operation] = []
    for row in snapshot.where("interface_list", PORT, order.subscription):
        label = f"{row['device']['name']}:{row['name']}"
        if label == but:
            continue
        ends = [row["l2vpn_termination"], *(child["l2vpn_termination"] for child in row["child_interfaces"])]
        users = sorted({end["l2vpn"]["name"] for end in ends if end})
        if users:
            raise InUseError(f"interface: {label} is still in use by {', '.join(users)}. Terminate these first.", users)
        operations += _correct(order, label, row, RELEASED)
    return operations


def _correct(order: PortOrder, label: str, row: Record, wanted: Record) -> list[Operation]:
    current = {**row, "mode": row["mode"] or "", "port": row["custom_fields"].get(PORT)}
    before, after = changed(current, wanted)
    if not after:
        return []
    fields = {name: value for name, value in after.items() if name != "port"}
    if "port" in after:
        fields["custom_fields"] = {PORT: after["port"]}
    return [
        Operation(
            "update", "dcim.interface", label, f"interface {label}", 0, order.subscription,
            fields=fields, before=before, id=int(row["id"]), last_updated=row["last_updated"],
        )
    ]  # fmt: skip
