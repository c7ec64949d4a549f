# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What makes or removes L2VPNs in NetBox: pure functions from order and snapshot to operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .netbox_errors import OrderError, said_of
from .netbox_l2vpn import HIGHEST_VNI, STATUS, VLAN_IDS, ends_of, port_of, readable_l2vpn
from .netbox_plan import Named, Operation, Plan, Record, Ref, changed, owned, status_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_l2vpn import L2vpnOrder, Sap
    from .netbox_snapshot import Snapshot

# What goes before what comes: an interface has one L2VPN, and a VLAN goes when no interface has it any more.
GONE_END, GONE_INTERFACE, GONE_VLAN, END = range(4)
L2VPN, VNI, INTERFACE = GONE_END, GONE_INTERFACE, GONE_VLAN
TYPE = "vxlan-evpn"


def plan_present(orders: Sequence[L2vpnOrder], snapshot: Snapshot) -> Plan:
    """The operations that make the L2VPNs as ordered. Raises OrderError before anything would change."""
    plan = Plan()
    for number, order in enumerate(orders):
        with said_of(order.name, len(orders) > 1):
            l2vpn = _L2vpn(order, snapshot, number)
        plan.operations += l2vpn.operations
        plan.objects.append(l2vpn.view())
    return plan


def plan_absent(orders: Sequence[L2vpnOrder], snapshot: Snapshot) -> Plan:
    """The operations that remove the L2VPNs, their interfaces and their VLANs."""
    plan = Plan()
    for order in orders:
        plan.operations += _leave(order, snapshot, keep=())
        row = snapshot.own("l2vpn_list", order.subscription)
        if row is not None:
            removal = _delete(order, "vpn.l2vpn", row["name"], GONE_VLAN, row)
            removal.before = readable_l2vpn(row)
            plan.operations.append(removal)
        plan.objects.append({"name": order.name, "netbox_id": None, "subscription": order.subscription, "saps": []})
    return plan


class _L2vpn:
    """The operations for one L2VPN: what is missing is created, what differs is corrected."""

    def __init__(self, order: L2vpnOrder, snapshot: Snapshot, number: int) -> None:
        self.order = order
        self.snapshot = snapshot
        self.row = snapshot.own("l2vpn_list", order.subscription)
        self.status = status_for(order.status, self.row["status"] if self.row else None, STATUS)
        self.key = f"l2vpn {order.name}"
        self._refuse_unusable()
        ports = [port_of(order, at, sap, snapshot) for at, sap in enumerate(order.saps)]
        self.operations = _leave(order, snapshot, keep=order.saps)
        self.id = self._l2vpn()
        self.vni = self._vni(number)
        vlans = {vlan: self._vlan(vlan) for vlan in sorted({sap.vlan for sap in order.saps if sap.vlan is not None})}
        self.interfaces = [
            int(port["id"]) if sap.vlan is None else self._interface(sap, port, vlans[sap.vlan])
            for sap, port in zip(order.saps, ports, strict=True)
        ]
        there = {_label(end) for end in ends_of(self.row)} if self.row else set()
        for sap, interface in zip(order.saps, self.interfaces, strict=True):
            if sap.label not in there:
                self._end(sap, interface)

    def view(self) -> Record:
        """The L2VPN as the module returns it."""
        return {
            "name": self.order.name,
            "netbox_id": self.id,
            "subscription": self.order.subscription,
            "status": self.status,
            "description": self.order.description,
            "vni": self.vni,
            "saps": [
                {"port": sap.port, "node": sap.node, "vlan": sap.vlan, "netbox_interface_id": interface}
                for sap, interface in zip(self.order.saps, self.interfaces, strict=True)
            ],
        }

    def _refuse_unusable(self) -> None:
        labels = [sap.label for sap in self.order.saps]
        for number, sap in enumerate(self.order.saps):
            if sap.vlan is not None and sap.vlan not in VLAN_IDS:
                last = VLAN_IDS[-1]
                raise OrderError(f"saps[{number}].vlan: {sap.vlan} is not between {VLAN_IDS[0]} and {last}.")
            if labels.index(sap.label) != number:
                raise OrderError(f"saps[{number}]: {sap.label} is there twice.")

    def _create(self, kind: str, name: str, key: str, stage: int, fields: Record) -> Ref:
        more = owned(self.order.subscription)
        self.operations.append(
            Operation("create", kind, name, key, stage, self.order.subscription, fields={**fields, **more})
        )
        return Ref(key)

    def _l2vpn(self) -> int | Ref:
        order = self.order
        wanted = {
            "name": order.name,
            "slug": order.name.lower(),
            "type": TYPE,
            "status": self.status,
            "description": order.description,
        }
        if self.row is None:
            return self._create("vpn.l2vpn", order.name, self.key, L2VPN, wanted)
        self._correct(readable_l2vpn(self.row), wanted, L2VPN)
        return int(self.row["id"])

    def _correct(self, current: Record, wanted: Record, stage: int) -> None:
        before, after = changed(current, wanted)
        if after:
            self.operations.append(
                Operation(
                    "update", "vpn.l2vpn", self.order.name, self.key, stage, self.order.subscription,
                    fields=after, before=before,
                    id=int(self.row["id"]) if self.row else None,
                    last_updated=self.row["last_updated"] if self.row and stage == L2VPN else "",
                )
            )  # fmt: skip

    def _vni(self, number: int) -> int | Ref:
        """The VNI: NetBox gives each L2VPN a number of its own, so two runs never take the same."""
        base = self.order.vni_base
        if self.row is not None:
            vni = vni_of(base, int(self.row["id"]))
            self._correct({"identifier": self.row["identifier"]}, {"identifier": vni}, VNI)
            return vni
        ahead = self.snapshot.rows.get("next")
        if ahead:
            vni = vni_of(base, ahead[0]["id"] + number)
            self._correct({"identifier": None}, {"identifier": vni}, VNI)
            return vni
        later = Ref(self.key, "id", lambda value: vni_of(base, int(value)))
        self._correct({"identifier": None}, {"identifier": later}, VNI)
        return later

    def _vlan(self, vlan: int) -> int | Ref:
        name = f"{self.order.name} {vlan}"
        row = next((row for row in self._owned("vlan_list") if row["vid"] == vlan), None)
        if row is not None:
            return int(row["id"])
        return self._create("ipam.vlan", name, f"vlan {name}", L2VPN, {"vid": vlan, "name": name, "status": "active"})

    def _interface(self, sap: Sap, port: Record, vlan: int | Ref) -> int | Ref:
        row = next((row for row in self._owned("interface_list") if _label(row) == sap.label), None)
        if row is not None:
            return int(row["id"])
        fields = {
            "device": Named({"name": sap.node}, sap.node),
            "name": sap.label.partition(":")[2],
            "type": "virtual",
            "parent": Named(int(port["id"]), sap.interface),
            "mode": "tagged",
            "tagged_vlans": Named([vlan], [sap.vlan]),
            "description": self.order.name,
        }
        return self._create("dcim.interface", sap.label, f"interface {sap.label}", INTERFACE, fields)

    def _end(self, sap: Sap, interface: int | Ref) -> None:
        fields = {
            "l2vpn": Named(self.id, self.order.name),
            "assigned_object_type": Named("dcim.interface", shown_as=""),
            "assigned_object_id": Named(interface, sap.label, shown_as="interface"),
        }
        self._create("vpn.l2vpntermination", f"{self.order.name} {sap.label}", f"end {sap.label}", END, fields)

    def _owned(self, table: str) -> list[Record]:
        return self.snapshot.owned(table, self.order.subscription)


def vni_of(base: int, number: int) -> int:
    """The VNI of the L2VPN that has this id in NetBox. Raises OrderError when there are none left."""
    if base + number > HIGHEST_VNI:
        raise OrderError(f"vni_base: {base} is too high for L2VPN number {number}: VNIs end at {HIGHEST_VNI}.")
    return base + number


def _leave(order: L2vpnOrder, snapshot: Snapshot, keep: Sequence[Sap]) -> list[Operation]:
    """What removes the ends of the L2VPN that are not these, with their interfaces and VLANs."""
    labels, vlans = {sap.label for sap in keep}, {sap.vlan for sap in keep}
    operations = []
    for l2vpn in snapshot.owned("l2vpn_list", order.subscription):
        for row in l2vpn["terminations"]:
            label = _label(row["assigned_object"]) if row["assigned_object"] else "(nothing)"
            if label not in labels:
                removal = _delete(order, "vpn.l2vpntermination", f"{order.name} {label}", GONE_END, row)
                removal.before = {"l2vpn": order.name, "interface": label}
                operations.append(removal)
    for row in snapshot.owned("interface_list", order.subscription):
        if _label(row) not in labels:
            removal = _delete(order, "dcim.interface", _label(row), GONE_INTERFACE, row)
            removal.before = {"name": row["name"], "type": row["type"]}
            operations.append(removal)
    for row in snapshot.owned("vlan_list", order.subscription):
        if row["vid"] not in vlans:
            removal = _delete(order, "ipam.vlan", row["name"], GONE_VLAN, row)
            removal.before = {"vid": row["vid"], "name": row["name"]}
            operations.append(removal)
    return operations


def _delete(order: L2vpnOrder, kind: str, name: str, stage: int, row: Record) -> Operation:
    return Operation("delete", kind, name, f"{kind} {row['id']}", stage, order.subscription, id=int(row["id"]))


def _label(interface: Record) -> str:
    return f"{interface['device']['name']}:{interface['name']}"
