# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What makes or removes nodes in NetBox: pure functions from order and snapshot to operations."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING

from .addresses import bare, family_of, mirrored
from .netbox_address import (
    correct_address,
    create_address,
    delete_address,
    interface_of,
    on_interface,
)
from .netbox_errors import said_of
from .netbox_node import LENGTH, STATUS, readable_device, refuse_in_use, refuse_unknown
from .netbox_plan import FIELD, Allocation, Named, Operation, Plan, Record, Ref, changed, owned, slug, status_for
from .netbox_pool import Forecast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_node import NodeOrder
    from .netbox_plan import Pool
    from .netbox_snapshot import Snapshot

DEVICE, INTERFACES, IDS, ADDRESS, OTHER_ADDRESSES, PRIMARY = range(6)


def plan_present(orders: Sequence[NodeOrder], snapshot: Snapshot) -> Plan:
    """The operations that make the nodes as ordered. Pure. Raises OrderError before anything would change."""
    forecasts = {key: Forecast(pools) for key, pools in snapshot.pools.items()}
    plan = Plan()
    for order in orders:
        with said_of(order.name, len(orders) > 1):
            refuse_unknown(order, snapshot)
            node = _Node(order, snapshot, forecasts)
        plan.operations += node.operations
        plan.objects.append(node.view())
    return plan


def plan_absent(orders: Sequence[NodeOrder], snapshot: Snapshot) -> Plan:
    """The operations that remove the nodes and give their addresses back. Pure. Raises InUseError."""
    plan = Plan()
    for order in orders:
        device = snapshot.own("device_list", order.subscription)
        mine = snapshot.owned("ip_address_list", order.subscription)
        with said_of(order.name, len(orders) > 1):
            refuse_in_use(order, device)
        plan.operations += [delete_address(row, order.subscription, 0) for row in mine]
        if device is not None:
            name, fields = device["name"], readable_device(device)
            plan.operations.append(
                Operation(
                    "delete", "dcim.device", name, f"device {name}", 1, order.subscription,
                    before=fields, id=int(device["id"]),
                )
            )  # fmt: skip
        plan.objects.append(
            {
                "name": device["name"] if device else order.name,
                "netbox_id": int(device["id"]) if device else None,
                "subscription": order.subscription,
                "platform": readable_device(device)["platform"] if device else order.platform,
                "management": readable_device(device)["oob_ip"] if device else order.management,
            }
        )
    return plan


class _Node:
    """The operations for one node: what is missing is created, what differs is corrected."""

    def __init__(self, order: NodeOrder, snapshot: Snapshot, forecasts: dict[tuple[str, int], Forecast]) -> None:
        self.order = order
        self.snapshot = snapshot
        self.pools = {family: snapshot.pools[order.loopback_pool, family] for family in LENGTH}
        self.forecasts = {family: forecasts[order.loopback_pool, family] for family in LENGTH}
        self.device = snapshot.own("device_list", order.subscription)
        self.status = status_for(order.status, self.device["status"] if self.device else None, STATUS)
        self.key = f"device {order.name}"
        self.id: int | Ref = int(self.device["id"]) if self.device else Ref(self.key)
        self.mine = snapshot.owned("ip_address_list", order.subscription)
        self.operations: list[Operation] = []
        self._create_device()
        managed, loopbacks = self._by_use()
        loopback = self._interface(self._placed(order.loopback_interface, loopbacks), type="virtual")
        management = (
            self._interface(self._placed(order.management_interface, managed), type="other", mgmt_only=True)
            if order.management
            else {}
        )
        self._interfaces({order.loopback_interface, order.management_interface if order.management else ""})
        # The management address is what the order says; the other owned addresses are loopbacks.
        out_of_band = self._management(management)
        self.loopback = self._loopbacks(loopback)
        self._update_device(out_of_band)

    def view(self) -> Record:
        """The node as the module returns it."""
        order = self.order
        return {
            "name": order.name,
            "netbox_id": self.id,
            "subscription": order.subscription,
            "site": order.site,
            "role": order.role,
            "device_type": order.device_type,
            "platform": order.platform,
            "status": self.status,
            "management": order.management or None,
            "loopback_ipv4": self.loopback[4][1],
            "loopback_ipv6": self.loopback[6][1],
        }

    def _wanted(self) -> Record:
        order = self.order
        return {
            "name": order.name,
            "site": slug(order.site),
            "role": slug(order.role),
            "device_type": slug(order.device_type),
            "platform": slug(order.platform),
            "status": self.status,
        }

    def _create_device(self) -> None:
        if self.device is None:
            self.operations.append(
                Operation(
                    "create", "dcim.device", self.order.name, self.key, DEVICE, self.order.subscription,
                    fields={**self._wanted(), **owned(self.order.subscription)},
                )
            )  # fmt: skip

    def _by_use(self) -> tuple[list[Record], list[Record]]:
        """The order's addresses that are there: that for management, and the loopbacks."""
        managed = [row for row in self.mine if row["address"] == self.order.management]
        return managed, [row for row in self.mine if row not in managed]

    def _placed(self, name: str, addresses: list[Record]) -> str:
        """The interface for these addresses: `name`. One that was adopted has them on one of its own, and no `name`."""
        there = {row["name"] for row in self.device["interfaces"]} if self.device else set()
        if name in there:
            return name
        holders = [(interface_of(row) or "").partition(":") for row in addresses]
        return next((own for node, _sep, own in holders if node == self.order.name and own in there), name)

    def _interface(self, name: str, **fields: object) -> Record:
        """Where to put an address: on this interface, which is made unless the device or its type brings it."""
        order = self.order
        label, key = f"{order.name}:{name}", f"interface {order.name} {name}"
        if self.device is not None:
            there = {row["name"]: int(row["id"]) for row in self.device["interfaces"]}
            if name in there:
                return on_interface(there[name], label)
        elif name in self._templates():
            where = {"device_id": self.id, "name": name}
            self.operations.append(
                Operation("lookup", "dcim.interface", label, key, IDS, order.subscription, fields=where)
            )
            return on_interface(Ref(key), label)
        body = {"device": Named(self.id, order.name), "name": name, **fields, **owned(order.subscription)}
        self.operations.append(
            Operation("create", "dcim.interface", label, key, INTERFACES, order.subscription, fields=body)
        )
        return on_interface(Ref(key), label)

    def _interfaces(self, placed: set[str]) -> None:
        """The interfaces that the order brings: made unless they are there, corrected where they are its own."""
        order = self.order
        there = {row["name"]: row for row in self.device["interfaces"]} if self.device else {}
        for item in order.interfaces:
            if item.name in placed or (item.name not in there and item.name in self._templates()):
                continue
            label, key = f"{order.name}:{item.name}", f"interface {order.name} {item.name}"
            wanted = {"type": item.type, "description": item.description, "mgmt_only": item.mgmt_only}
            row = there.get(item.name)
            if row is None:
                body = {"device": Named(self.id, order.name), "name": item.name, **wanted, **owned(order.subscription)}
                self.operations.append(
                    Operation("create", "dcim.interface", label, key, INTERFACES, order.subscription, fields=body)
                )
            elif row["custom_fields"].get(FIELD) == order.subscription:
                if row["cable"] or not item.description:
                    wanted.pop("description")  # a circuit's, or a person's
                before, after = changed(row, wanted)
                if after:
                    self.operations.append(
                        Operation(
                            "update", "dcim.interface", label, key, INTERFACES, order.subscription,
                            fields=after, before=before, id=int(row["id"]), last_updated=row["last_updated"],
                        )
                    )  # fmt: skip

    def _templates(self) -> set[str]:
        """Names of the interfaces that the device type brings to a new device."""
        if self.device is not None:
            return set()
        (device_type,) = self.snapshot.where("device_type_list", "slug", self.order.device_type)
        return {row["name"] for row in device_type["interfacetemplates"]}

    def _management(self, interface: Record) -> tuple[int | Ref, str] | None:
        """The management address: (id, value)."""
        order = self.order
        if not order.management:
            return None
        label = interface["assigned_object_id"].label
        row = next((row for row in self.mine if row["address"] == order.management or interface_of(row) == label), None)
        if row is None:
            key = f"address {label}"
            self.operations.append(
                create_address(order.subscription, key, OTHER_ADDRESSES, interface, order.management)
            )
            return Ref(key), order.management
        self.mine.remove(row)
        wanted = {"address": order.management, **interface}
        self.operations += correct_address(row, order.subscription, OTHER_ADDRESSES, wanted)
        return int(row["id"]), order.management

    def _loopbacks(self, interface: Record) -> dict[int, tuple[int | Ref, str | Ref]]:
        """The loopback addresses by family: (id, value).

        IPv6 takes the same place in its pool as IPv4, so that both read alike. NetBox hands each IPv4 address out once,
        so that place is free; where somebody took it by hand, NetBox refuses it and chooses another.
        """
        four, six = self.pools[4], self.pools[6]
        expected = self.forecasts[4].address(LENGTH[4]) if self._owned_loopback(4) is None else None
        first = self._loopback(4, interface, Allocation("address", LENGTH[4], four, expected))
        value = first[1]
        known = expected if isinstance(value, Ref) else value
        wish = partner_of(known, four, six) if known else None
        prefer = (
            Ref(value.key, "address", partial(partner_of, pools=four, others=six)) if isinstance(value, Ref) else wish
        )
        predicted = self.forecasts[6].address(LENGTH[6], wish) if self._owned_loopback(6) is None else None
        second = self._loopback(6, interface, Allocation("address", LENGTH[6], six, predicted, prefer))
        return {4: first, 6: second}

    def _owned_loopback(self, family: int) -> Record | None:
        return next((row for row in self.mine if family_of(row["address"]) == family), None)

    def _loopback(self, family: int, interface: Record, allocation: Allocation) -> tuple[int | Ref, str | Ref]:
        order, row = self.order, self._owned_loopback(family)
        if row is not None:
            value = f"{bare(row['address'])}/{LENGTH[family]}"
            self.operations += correct_address(
                row, order.subscription, OTHER_ADDRESSES, {"address": value, **interface}
            )
            return int(row["id"]), value
        key = f"address {order.name} loopback IPv{family}"
        stage = OTHER_ADDRESSES if allocation.prefer else ADDRESS
        self.operations.append(create_address(order.subscription, key, stage, interface, allocation, role="loopback"))
        return Ref(key), Ref(key, "address")

    def _update_device(self, management: tuple[int | Ref, str] | None) -> None:
        """Last, since a primary address must be on one of the device's interfaces."""
        wanted = {} if self.device is None else self._wanted()
        for name, (number, value) in (("primary_ip4", self.loopback[4]), ("primary_ip6", self.loopback[6])):
            wanted[name] = Named(number, value)
        if management is not None:
            wanted["oob_ip"] = Named(*management)
        before, after = changed(readable_device(self.device) if self.device else {}, wanted)
        if after:
            self.operations.append(
                Operation(
                    "update", "dcim.device", self.order.name, self.key, PRIMARY, self.order.subscription,
                    fields=after, before=before,
                    id=int(self.device["id"]) if self.device else None,
                    last_updated=self.device["last_updated"] if self.device else "",
                )
            )  # fmt: skip


def partner_of(address: str, pools: Sequence[Pool], others: Sequence[Pool]) -> str | None:
    """The address at the same place in the pool of `others` that goes with the address's own pool, if there is one."""
    if any(pool.vrf for pool in (*pools, *others)):
        return None
    for pool, other in zip(pools, others, strict=False):
        if ip_interface(address).ip in ip_network(pool.prefix):
            return mirrored(address, pool.prefix, other.prefix)
    return None
