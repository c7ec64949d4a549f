# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Simple NetBox objects, declared as a list: found by their natural key, created or corrected in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING

from .netbox_errors import OrderError
from .netbox_plan import Named, Operation, Plan, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .netbox_session import Session

# What identifies an object of this type. The last field is also what is asked for.
KEYS = {
    "extras.tag": ("slug",),
    "extras.customfield": ("name",),
    "extras.configcontext": ("name",),
    "dcim.manufacturer": ("slug",),
    "dcim.platform": ("slug",),
    "dcim.devicetype": ("slug",),
    "dcim.interfacetemplate": ("device_type", "name"),
    "dcim.devicerole": ("slug",),
    "dcim.site": ("slug",),
    "circuits.provider": ("slug",),
    "circuits.circuittype": ("slug",),
    "ipam.role": ("slug",),
    "ipam.prefix": ("prefix",),
    "ipam.ipaddress": ("address",),
}
ASK_FOR = 50


@dataclass(frozen=True)
class Declared:
    """Objects of one type that shall exist, with these fields; unless `correct`, those that do are left as they are."""

    type: str
    items: Sequence[Record]
    correct: bool = True


def read(session: Session, groups: Sequence[Declared], endpoints: dict[str, str]) -> list[list[Record]]:
    """What NetBox has of each group: a request a group (one more for every 50 objects)."""
    return [list(_rows(session, group, endpoints[group.type])) for group in groups]


def _rows(session: Session, group: Declared, path: str) -> Iterator[Record]:
    field = KEYS[group.type][-1]
    values = sorted({str(_required(group, item, field)) for item in group.items})
    for start in range(0, len(values), ASK_FOR):
        yield from session.rows(path, {field: values[start : start + ASK_FOR]})


def _required(group: Declared, item: Record, field: str) -> object:
    if field not in item:
        raise OrderError(f"objects: an item of {group.type} has no {field!r}, by which it is found: {item}")
    return item[field]


def plan(groups: Sequence[Declared], current: Sequence[Sequence[Record]]) -> Plan:
    """What is missing or differs, group after group. Pure."""
    operations = []
    for stage, (group, rows) in enumerate(zip(groups, current, strict=True)):
        there = {_key(group, row): row for row in rows}
        for item in group.items:
            key = _key(group, item)
            name = " ".join(key)
            row = there.get(key)
            if row is None:
                operations.append(
                    Operation("create", group.type, name, f"{group.type} {name}", stage, "", fields=_named(item))
                )
                continue
            if not group.correct:
                continue
            rest = {field: value for field, value in item.items() if field not in KEYS[group.type]}
            differs = {field: value for field, value in rest.items() if not agrees(row.get(field), value)}
            if differs:
                operations.append(
                    Operation(
                        "update", group.type, name, f"{group.type} {name}", stage, "",
                        fields=_named(differs), before={field: brief(row.get(field)) for field in differs},
                        id=row["id"],
                        last_updated=(row.get("last_updated") or "").replace("Z", "+00:00"),
                    )
                )  # fmt: skip
    return Plan(operations)


def _named(fields: Record) -> Record:
    return {field: Named(value, brief(value)) for field, value in fields.items()}


def _key(group: Declared, row: Record) -> tuple[str, ...]:
    return tuple(_key_text(field, _required(group, row, field)) for field in KEYS[group.type])


def _key_text(field: str, value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("slug", value.get("name")))
    if field == "prefix":
        return str(ip_network(str(value)))
    return str(ip_interface(str(value))) if field == "address" else str(value)


def agrees(current: object, wanted: object) -> bool:
    """Whether what NetBox shows is what was declared: references by any of their attributes, lists in any order."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return all(agrees(current.get(name), value) for name, value in wanted.items())
    if isinstance(current, dict) and "value" in current:
        return agrees(current["value"], wanted)
    if isinstance(current, list) and isinstance(wanted, list):
        return len(current) == len(wanted) and all(any(agrees(item, value) for item in current) for value in wanted)
    return current == wanted or (current in (None, "") and wanted in (None, ""))


def brief(value: object) -> object:
    """A field's value without what NetBox adds to it (URLs, display texts)."""
    if isinstance(value, dict):
        if "value" in value:
            return value["value"]
        return value.get("slug") or value.get("name") or value
    return [brief(item) for item in value] if isinstance(value, list) else value
