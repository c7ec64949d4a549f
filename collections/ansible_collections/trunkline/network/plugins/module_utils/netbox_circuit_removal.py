# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What removes circuits from NetBox, and a cable that ends on the wrong interface: pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .netbox_address import delete_address
from .netbox_circuit import readable_circuit
from .netbox_plan import Operation, Plan, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .netbox_circuit import CircuitOrder
    from .netbox_snapshot import Snapshot

# The order in which things may go: what refers to others first.
DESCRIPTION, CABLE, CIRCUIT = range(3)
ADDRESS, PREFIX = DESCRIPTION, CIRCUIT


def plan_absent(orders: Sequence[CircuitOrder], snapshot: Snapshot) -> Plan:
    """The operations that remove the circuits and give their addresses and prefixes back."""
    plan = Plan()
    for order in orders:
        plan.operations += _removal(order.subscription, snapshot)
        row = snapshot.own("circuit_list", order.subscription)
        plan.objects.append(
            {
                "cid": row["cid"] if row else order.circuit_id,
                "netbox_id": int(row["id"]) if row else None,
                "subscription": order.subscription,
                "a": {"node": order.a.node, "interface": order.a.interface},
                "z": {"node": order.z.node, "interface": order.z.interface},
            }
        )
    return plan


def _removal(subscription: str, snapshot: Snapshot) -> list[Operation]:
    operations = []
    for cable in snapshot.owned("cable_list", subscription):
        operations += uncable(cable, subscription)
    for row in snapshot.owned("circuit_list", subscription):
        removal = _delete("circuits.circuit", row["cid"], CIRCUIT, subscription, row)
        removal.before = readable_circuit(row)
        operations.append(removal)
    operations += [
        delete_address(row, subscription, ADDRESS) for row in snapshot.owned("ip_address_list", subscription)
    ]
    for row in snapshot.owned("prefix_list", subscription):
        removal = _delete("ipam.prefix", row["prefix"], PREFIX, subscription, row)
        removal.before = {"prefix": row["prefix"], "description": row["description"]}
        operations.append(removal)
    return operations


def _delete(kind: str, name: str, stage: int, subscription: str, row: Record) -> Operation:
    return Operation("delete", kind, name, f"{kind} {row['id']}", stage, subscription, id=int(row["id"]))


def uncable(cable: Record, subscription: str) -> list[Operation]:
    """Take a cable away, and the circuit's name from the interface that it ended on."""
    side, label = cable_side(cable), cable_interface(cable)
    removal = _delete("dcim.cable", f"{label} - {cable['label']} {side}", CABLE, subscription, cable)
    removal.before = {"a": label, "b": f"{cable['label']} {side}"}
    return [removal] + [
        Operation(
            "update", "dcim.interface", str(label), f"interface {label}", DESCRIPTION, subscription,
            fields={"description": ""}, before={"description": row["description"]},
            id=int(row["id"]), last_updated=row["last_updated"],
        )
        for row in (*cable["a_terminations"], *cable["b_terminations"])
        if row["__typename"] == "InterfaceType" and row["description"].startswith(f"{cable['label']} to ")
    ]  # fmt: skip


def cable_side(cable: Record) -> str | None:
    """The side of the circuit on which the cable ends: A or Z."""
    ends = (*cable["a_terminations"], *cable["b_terminations"])
    return next((row["term_side"] for row in ends if row["__typename"] == "CircuitTerminationType"), None)


def cable_interface(cable: Record) -> str | None:
    """The interface on which the cable ends: `ams-pe:eth1`. Ours begin there, others may be the other way round."""
    ends = (*cable["a_terminations"], *cable["b_terminations"])
    rows = [row for row in ends if row["__typename"] == "InterfaceType"]
    return f"{rows[0]['device']['name']}:{rows[0]['name']}" if rows else None
