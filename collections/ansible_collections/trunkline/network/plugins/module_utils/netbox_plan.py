# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A plan: an ordered list of operations on NetBox objects, made by pure functions.

An operation may use what an earlier one of the same plan will learn (an id, an allocated prefix): a `Ref`. The same
plan serves check mode (shown with predicted values) and the real run (sent with learned values).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
Json = Any
Results = Mapping[str, Record]

FIELD = "trunkline_subscription"
TAG = "trunkline"


@dataclass(frozen=True)
class Ref:
    """A value that the operation `key` of the same plan yields: its `attribute`, passed through `via`."""

    key: str
    attribute: str = "id"
    via: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Named:
    """A value that NetBox wants as an id or a dictionary, and that a person reads as `label`.

    `shown_as` is the field's name in a readable plan: None for the field's own, empty to leave it out.
    """

    value: Any
    label: Any = None
    shown_as: str | None = None


@dataclass(frozen=True)
class Pool:
    """A NetBox prefix to allocate from. `free` is what is free in it, if that has been read."""

    id: int
    prefix: str
    role: str
    vrf: int | None = None
    free: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Allocation:
    """Take the next free prefix or address, of this length, from the first of the pools with room.

    `prefer`: take this address instead, if it resolves to one and NetBox does not have it yet.
    """

    kind: str
    length: int
    pools: tuple[Pool, ...]
    predicted: str | None = None
    prefer: Ref | str | None = None


@dataclass
class Operation:
    """One change of one object, or a `lookup` of an id that exists only once an earlier operation is done.

    Operations of the same `stage` do not depend on each other: they are sent in bulk. `key` names the object within
    the plan.
    """

    op: str
    type: str
    name: str
    key: str
    stage: int
    subscription: str
    fields: Record = field(default_factory=dict)
    before: Record | None = None
    id: int | None = None
    last_updated: str = ""
    allocation: Allocation | None = None


@dataclass
class Plan:
    """The operations, and how the ordered objects will look (values may be Refs)."""

    operations: list[Operation] = field(default_factory=list)
    objects: list[Record] = field(default_factory=list)


def sendable(value: object, results: Results) -> Json:
    """The value as NetBox wants it. Raises KeyError when it needs a result that is not there."""
    if isinstance(value, Ref):
        found = results[value.key][value.attribute]
        return value.via(found) if value.via else found
    if isinstance(value, Named):
        return sendable(value.value, results)
    if isinstance(value, dict):
        return {key: sendable(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [sendable(item, results) for item in value]
    return value


def readable(value: object, results: Results) -> Json:
    """The value as a person reads it; None for what is not known yet (in check mode: ids)."""
    if isinstance(value, Ref):
        found = results.get(value.key, {}).get(value.attribute)
        return value.via(found) if value.via and found is not None else found
    if isinstance(value, Named):
        return readable(value.label, results)
    if isinstance(value, dict):
        return {key: readable(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item, results) for item in value]
    return value


def predicted(operations: Iterable[Operation]) -> dict[str, Record]:
    """What the operations are expected to yield: prefixes and addresses, from what was free in the pools."""
    results: dict[str, Record] = {}
    for operation in operations:
        found = results.setdefault(operation.key, {})
        for attribute in ("prefix", "address"):
            if attribute in operation.fields:
                found[attribute] = sendable(operation.fields[attribute], results)
        if operation.allocation is not None:
            found[operation.allocation.kind] = operation.allocation.predicted
    return results


def described(operation: Operation, results: Results) -> Record:
    """The operation as the modules return it: JSON, and readable in a plan."""
    after: Record | None = None
    if operation.op != "delete":
        after = {}
        if operation.allocation is not None:
            after[operation.allocation.kind] = results[operation.key][operation.allocation.kind]
        for name, value in operation.fields.items():
            shown_as = value.shown_as if isinstance(value, Named) and value.shown_as is not None else name
            if name == "custom_fields":
                after.update({key.removeprefix("trunkline_"): item for key, item in readable(value, results).items()})
            elif shown_as:
                after[shown_as] = readable(value, results)
    return {
        "op": operation.op,
        "type": operation.type,
        "name": operation.name or (after or {}).get("prefix") or (after or {}).get("address"),
        "before": operation.before,
        "after": after,
        "subscription": operation.subscription,
    }


def changed(current: Record, wanted: Record) -> tuple[Record, Record]:
    """Which of the wanted fields differ from the current (readable) ones: before and after, differing fields only."""
    before: Record = {}
    after: Record = {}
    for name, value in wanted.items():
        label = value.label if isinstance(value, Named) else value
        shown_as = value.shown_as if isinstance(value, Named) and value.shown_as is not None else name
        if not shown_as:
            continue
        if isinstance(label, Ref) or current.get(shown_as) != label:
            before[shown_as] = current.get(shown_as)
            after[name] = value
    return before, after


def status_for(wanted: str, current: str | None, statuses: Mapping[str, str]) -> str:
    """The object's status for that of the subscription: what is in service stays so when its order is run again."""
    return statuses["active" if wanted == "provisioning" and current == statuses["active"] else wanted]


def owned(subscription: str, **more: object) -> Record:
    """The fields that every created object carries: the subscription's UUID and the tag."""
    return {"custom_fields": {FIELD: subscription, **more}, "tags": Named([{"slug": TAG}], shown_as="")}


def slug(value: str) -> Named:
    """A reference by slug."""
    return Named({"slug": value}, value)


def diff_of(operations: Iterable[Record]) -> dict[str, str]:
    """The operations as Ansible's --diff wants them: one block an object, only what changes."""
    before: dict[str, Record] = {}
    after: dict[str, Record] = {}
    for item in operations:
        name = f"{item['type']} {item['name']}"
        made_here = name in after and name not in before
        if item["op"] != "create" and not made_here:
            before[name] = (item["before"] or {}) | before.get(name, {})
        if item["op"] != "delete":
            after[name] = after.get(name, {}) | (item["after"] or {})
    return {"before": _blocks(before), "after": _blocks(after)}


def _blocks(objects: Mapping[str, Record]) -> str:
    lines = []
    for name, fields in objects.items():
        lines.append(name)
        lines += [f"  {field}: {_text(value)}" for field, value in fields.items() if field != "subscription"]
    return "".join(f"{line}\n" for line in lines)


def _text(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
