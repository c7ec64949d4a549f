# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""IP addresses on interfaces, as node and circuit make, move and remove them."""

from __future__ import annotations

from .netbox_plan import Allocation, Named, Operation, Record, Ref, changed, owned

TYPE = "ipam.ipaddress"
ADDRESS_FIELDS = """id address last_updated custom_fields
    assigned_object { __typename ... on InterfaceType { id name device { name } } }"""


def interface_of(row: Record) -> str | None:
    """`ams-pe:lo0` for an address on that interface; None for one that is on no interface."""
    holder = row["assigned_object"]
    return (
        f"{holder['device']['name']}:{holder['name']}" if holder and holder["__typename"] == "InterfaceType" else None
    )


def on_interface(interface: int | Ref, label: str) -> Record:
    """The fields that put an address on an interface."""
    return {
        "assigned_object_type": Named("dcim.interface", shown_as=""),
        "assigned_object_id": Named(interface, label, shown_as="interface"),
    }


def create_address(
    subscription: str, key: str, stage: int, interface: Record, address: str | Ref | Allocation, **more: object
) -> Operation:
    """Make an address on an interface: this one, or one from a pool."""
    allocation = address if isinstance(address, Allocation) else None
    fields = {**interface, **more, **owned(subscription)}
    if allocation is None:
        fields = {"address": address, **fields}
    return Operation("create", TYPE, "", key, stage, subscription, fields=fields, allocation=allocation)


def correct_address(row: Record, subscription: str, stage: int, wanted: Record) -> list[Operation]:
    """Bring an address that is there to the wanted value and interface, if it is not."""
    before, after = changed({"address": row["address"], "interface": interface_of(row)}, wanted)
    if not after:
        return []
    if "assigned_object_id" in after:
        after["assigned_object_type"] = wanted["assigned_object_type"]
    return [
        Operation(
            "update", TYPE, row["address"], f"address {row['id']}", stage, subscription,
            fields=after, before=before, id=int(row["id"]), last_updated=row["last_updated"],
        )
    ]  # fmt: skip


def delete_address(row: Record, subscription: str, stage: int) -> Operation:
    """Give an address back."""
    before = {"address": row["address"], "interface": interface_of(row)}
    return Operation(
        "delete", TYPE, row["address"], f"address {row['id']}", stage, subscription, before=before, id=int(row["id"])
    )
