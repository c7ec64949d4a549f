# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Carry out a plan: bulk requests, stage by stage; and the loop that reads, plans and applies until nothing is left."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count, groupby
from typing import TYPE_CHECKING, Any

from .netbox_errors import ConflictError, NetBoxError, OrderError, RefusedError, UncertainWriteError
from .netbox_plan import Allocation, Operation, Plan, Pool, Record, described, predicted, readable, sendable
from .netbox_pool import exhausted
from .netbox_session import Session, pause_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# As many objects a request as a busy NetBox handles within half of the time-out. Devices come and go with all of their
# interfaces; whatever goes, NetBox first looks for what else refers to it.
BULK = {"create": 50, "update": 50, "lookup": 50, "delete": 25}
BULK_OF_DEVICES = 10
# Enough to keep a NetBox of a few workers busy, and not to keep others out.
AT_ONCE = 4
# What NetBox does one request after the other, behind a lock (ipam/api/views.py, ipam/signals.py): more of it at once
# would only keep its workers from what can go beside.
ONE_BY_ONE = {("create", "ipam.ipaddress"), ("create", "ipam.prefix"), ("delete", "ipam.prefix")}
ROUNDS = 4

ENDPOINTS = {
    "circuits.circuit": "circuits/circuits/",
    "circuits.circuittermination": "circuits/circuit-terminations/",
    "circuits.circuittype": "circuits/circuit-types/",
    "circuits.provider": "circuits/providers/",
    "dcim.cable": "dcim/cables/",
    "dcim.device": "dcim/devices/",
    "dcim.devicerole": "dcim/device-roles/",
    "dcim.devicetype": "dcim/device-types/",
    "dcim.interface": "dcim/interfaces/",
    "dcim.interfacetemplate": "dcim/interface-templates/",
    "dcim.manufacturer": "dcim/manufacturers/",
    "dcim.platform": "dcim/platforms/",
    "dcim.site": "dcim/sites/",
    "extras.configcontext": "extras/config-contexts/",
    "extras.customfield": "extras/custom-fields/",
    "extras.tag": "extras/tags/",
    "ipam.ipaddress": "ipam/ip-addresses/",
    "ipam.prefix": "ipam/prefixes/",
    "ipam.role": "ipam/roles/",
    "ipam.vlan": "ipam/vlans/",
    "vpn.l2vpn": "vpn/l2vpns/",
    "vpn.l2vpntermination": "vpn/l2vpn-terminations/",
}


@dataclass
class Outcome:
    """What was done, or in check mode would be: the operations, and the objects with what was learned of them."""

    operations: list[Record]
    objects: list[Record]


@dataclass
class Progress:
    """The work under way: what was done for certain, what was sent without an answer, and what NetBox answered."""

    done: list[Operation] = field(default_factory=list)
    sent: list[Operation] = field(default_factory=list)
    results: dict[str, Record] = field(default_factory=dict)


Part = tuple[list[Operation], Progress]


def converge(session: Session, make_plan: Callable[[], Plan], check: bool) -> Outcome:
    """Read and plan (`make_plan`), then apply; in check mode stop after the plan.

    A write whose fate is unknown is followed by a new round, which sees whether it happened. When NetBox refuses a step
    for good, what this call has created is removed again, and the refusal is raised.
    """
    progress = Progress()
    doubt: UncertainWriteError | None = None
    for round_number in range(1, ROUNDS + 1):
        plan = look(make_plan, progress, session.transport.timeout_s if doubt and doubt.under_way else 0)
        if check:
            expected = predicted(plan.operations)
            return Outcome(
                [described(item, expected) for item in plan.operations if item.op != "lookup"],
                readable(plan.objects, expected),
            )
        settle(progress, plan.operations)
        try:
            apply(session, plan.operations, progress)
        except UncertainWriteError as error:
            if round_number == ROUNDS:
                raise UncertainWriteError(
                    f"{error}. Gave up after {ROUNDS} rounds; run it again, it continues here."
                ) from error
            doubt = error
            time.sleep(pause_before(round_number + 1))
        except (RefusedError, OrderError) as error:
            # What was written in an earlier round may have come late, and stand in the way of writing it again.
            if doubt is None or round_number == ROUNDS:
                undo(session, progress, error)
                raise
            time.sleep(pause_before(round_number + 1))
        else:
            break
    operations = [described(item, progress.results) for item in progress.done if item.op != "lookup"]
    return Outcome(operations, readable(plan.objects, progress.results))


def look(make_plan: Callable[[], Plan], progress: Progress, patience_s: float) -> Plan:
    """Read and plan, for at most `patience_s` until NetBox has done what was sent without an answer."""
    until = time.monotonic() + patience_s
    for attempt in count(2):
        plan = make_plan()
        plan.operations = [item for group in sequence(plan.operations) for item in group]
        missing = {(item.op, item.key) for item in progress.sent} & {(item.op, item.key) for item in plan.operations}
        if not missing or time.monotonic() >= until:
            break
        time.sleep(pause_before(attempt))
    return plan


def settle(progress: Progress, plan: Sequence[Operation]) -> None:
    """Count as done what was sent without an answer and is no longer to be done."""
    still_open = {(item.op, item.key) for item in plan}
    for item in progress.sent:
        if (item.op, item.key) not in still_open:
            progress.done.append(item)
            progress.results.setdefault(item.key, {"prefix": "(unknown)", "address": "(unknown)"})
    progress.sent = []


def apply(session: Session, plan: Sequence[Operation], progress: Progress) -> None:
    """Send the plan's operations, in order of stage; those of a stage in bulk, and several requests at once."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _stage, stage_groups in groupby(sequence(plan), key=lambda group: group[0].stage):
            parts = [(part, Progress(results=progress.results)) for group in stage_groups for part in portions(group)]
            sending = [threads.submit(send_all, session, lane) for lane in lanes(parts)]
            errors = [error for one in sending if (error := one.exception())]
            for _group, part in parts:
                progress.done += part.done
                progress.sent += part.sent
            # What is uncertain first: only another round tells what there is to remove after a refusal.
            for error in sorted(errors, key=lambda error: not isinstance(error, UncertainWriteError)):
                raise error


def lanes(parts: Sequence[Part]) -> list[list[Part]]:
    """The parts of a stage in rows that go beside each other; the longest row first, as it takes longest."""
    found: dict[object, list[Part]] = {}
    for number, (group, part) in enumerate(parts):
        kind = (group[0].op, group[0].type)
        found.setdefault(kind if kind in ONE_BY_ONE else number, []).append((group, part))
    return sorted(found.values(), key=len, reverse=True)


def send_all(session: Session, lane: Sequence[Part]) -> None:
    """Send one part after the other, until one fails."""
    for group, part in lane:
        send(session, group, part)


def at_most(op: str, type_: str) -> int:
    """How many objects of the type one request may make, change or remove."""
    return BULK_OF_DEVICES if type_ == "dcim.device" and op in ("create", "delete") else BULK[op]


def portions(group: list[Operation]) -> Iterator[list[Operation]]:
    """The group, as much of it at a time as one request takes."""
    size = at_most(group[0].op, group[0].type)
    for start in range(0, len(group), size):
        yield group[start : start + size]


def sequence(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """The plan's groups, stage by stage."""
    for stage in sorted({item.stage for item in operations}):
        yield from groups([item for item in operations if item.stage == stage])


def groups(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """The operations that can share one request: same verb, same type, same pools."""
    found: dict[tuple[Any, ...], list[Operation]] = {}
    for item in operations:
        allocation = item.allocation
        pools = tuple(pool.id for pool in allocation.pools) if allocation and allocation.prefer is None else ()
        found.setdefault((item.op, item.type, pools), []).append(item)
    return iter(found.values())


def send(session: Session, group: list[Operation], progress: Progress) -> None:
    """Send one group, and note what it yielded."""
    path = ENDPOINTS[group[0].type]
    progress.sent = list(group)
    if group[0].op == "delete":
        session.delete(path, [item.id for item in group if item.id is not None])
        note(progress, group, [{} for _item in group])
    elif group[0].op == "lookup":
        lookup(session, group, progress)
    elif group[0].op == "update":
        note(progress, group, update(session, path, group, progress.results))
    elif (allocation := group[0].allocation) is not None and allocation.prefer is None:
        allocate(session, group, allocation, progress)
    else:
        create(session, path, group, progress)


def note(progress: Progress, group: Sequence[Operation], answers: Sequence[Record]) -> None:
    """Remember what is done, and what was learned from it."""
    for item, answer in zip(group, answers, strict=True):
        progress.results.setdefault(item.key, {}).update(answer)
    progress.done += group
    progress.sent = progress.sent[len(group) :]


def update(session: Session, path: str, group: Sequence[Operation], results: dict[str, Record]) -> list[Record]:
    """Change objects: one with If-Match, several in one request."""
    bodies = [sendable(item.fields, results) for item in group]
    ids = [item.id if item.id is not None else results[item.key]["id"] for item in group]
    if len(group) == 1:
        return [session.patch(f"{path}{ids[0]}/", bodies[0], group[0].last_updated)]
    answers = session.patch(path, [{"id": number, **body} for number, body in zip(ids, bodies, strict=True)])
    by_id = {answer["id"]: answer for answer in answers}
    return [by_id[number] for number in ids]


def create(session: Session, path: str, group: list[Operation], progress: Progress) -> None:
    """Create objects, some of them perhaps at a preferred address; where that is taken, let NetBox choose another."""
    bodies = [sendable(item.fields, progress.results) for item in group]
    wishes = [sendable(item.allocation.prefer, progress.results) if item.allocation else None for item in group]
    if all(wish or item.allocation is None for item, wish in zip(group, wishes, strict=True)):
        full = [{**body, "address": wish} if wish else body for body, wish in zip(bodies, wishes, strict=True)]
        try:
            note(progress, group, session.post(path, full))
        except RefusedError as error:
            if error.status != HTTPStatus.BAD_REQUEST or not any(wishes):
                raise
        else:
            return
    # A list is created as a whole or not at all, so nothing is there yet.
    for item in group:
        if len(group) == 1 and item.allocation is not None:
            item.allocation = replace(item.allocation, prefer=None)
        send(session, [item], progress)


def allocate(session: Session, group: list[Operation], allocation: Allocation, progress: Progress) -> None:
    """Create the group's prefixes or addresses at the next free places of the pools that they share."""
    rest = group
    for pool in allocation.pools:
        rest = rest[take(session, pool, rest, allocation, progress) :]
        if not rest:
            return
    progress.sent = []
    raise exhausted(allocation.pools, allocation.length, prefixes=allocation.kind == "prefix")


def take(session: Session, pool: Pool, group: list[Operation], allocation: Allocation, progress: Progress) -> int:
    """Allocate as many of the group as fit into one pool, in order; how many that were."""
    bodies = [{**sendable(item.fields, progress.results), "prefix_length": allocation.length} for item in group]
    path = f"ipam/prefixes/{pool.id}/available-{'prefixes' if allocation.kind == 'prefix' else 'ips'}/"
    try:
        answers = session.post(path, bodies)
    except ConflictError:
        if len(group) == 1:
            return 0
        half = len(group) // 2
        taken = take(session, pool, group[:half], allocation, progress)
        return taken if taken < half else half + take(session, pool, group[half:], allocation, progress)
    note(progress, group, answers)
    return len(group)


def lookup(session: Session, group: list[Operation], progress: Progress) -> None:
    """Learn the ids of interfaces that came with their device."""
    wanted = [sendable(item.fields, progress.results) for item in group]
    filters = {
        "device_id": sorted({body["device_id"] for body in wanted}),
        "name": sorted({body["name"] for body in wanted}),
    }
    rows = session.rows("dcim/interfaces/", {**filters, "brief": "true"})
    ids = {(row["device"]["id"], row["name"]): row["id"] for row in rows}
    note(progress, group, [{"id": ids[body["device_id"], body["name"]]} for body in wanted])


def undo(session: Session, progress: Progress, reason: NetBoxError) -> None:
    """Remove what this call created, newest first, so that a refused order leaves nothing half-made."""
    if any(item.op == "delete" for item in progress.done):
        return
    created = [item for item in reversed(progress.done) if item.op == "create"]
    try:
        for stage in sorted({item.stage for item in created}, reverse=True):
            removals = [replace(item, op="delete", allocation=None) for item in created if item.stage == stage]
            for part in (part for group in groups(removals) for part in portions(group)):
                ids = [progress.results[item.key]["id"] for item in part if "id" in progress.results[item.key]]
                if ids:
                    session.delete(ENDPOINTS[part[0].type], ids)
    except NetBoxError as error:
        names = ", ".join(f"{item.type} {described(item, progress.results)['name']}" for item in created)
        raise NetBoxError(f"{reason}; and what was made before could not be removed again ({error}): {names}. "
                          "Run it again, or with state=absent.") from error  # fmt: skip
