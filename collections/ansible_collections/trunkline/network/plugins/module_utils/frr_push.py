# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""One push to one router: decide what is to be done, then do it, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.trunkline.network.plugins.module_utils import frr_device, frr_settle, frr_unconfirmed
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr, Snapshot
from ansible_collections.trunkline.network.plugins.module_utils.frr_requirements import occupied, unmet
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import (
    Stanza,
    differences,
    replace,
    unified_diff,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_unconfirmed import Unconfirmed


class PushError(DeviceError):
    """A push that was begun and not accepted; `restored` tells whether the router is as it was."""

    def __init__(self, message: str, restored: bool) -> None:
        super().__init__(message)
        self.restored = restored


@dataclass(frozen=True)
class Plan:
    """What a push has to do: from `before` to `candidate`; headers of stanzas as recorded, intended, and all owned.

    `pending` is an earlier push of the same owner that is not confirmed yet.
    """

    before: Snapshot
    candidate: list[Stanza]
    recorded: frozenset[str]
    intended: frozenset[str]
    owned: frozenset[str]
    diff: str
    changed: bool
    pending: Unconfirmed | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do, if only to the record."""
        return self.changed or self.recorded != self.intended or self.pending is not None


def plan(frr: Frr, wanted: list[Stanza], also_owned: frozenset[str], pending: Unconfirmed | None = None) -> Plan:
    """Read the router and decide what is to be done. DeviceError if the router lacks what the stanzas need."""
    before = frr.snapshot()
    problem = unmet(wanted, before.interfaces, before.daemons)
    if problem:
        raise DeviceError(problem)
    recorded = frr_device.read_record()
    intended = frozenset(one.header for one in wanted)
    known = recorded | also_owned | (pending.owned if pending else frozenset())
    problem = occupied(wanted, before.running, known)
    if problem:
        raise DeviceError(problem)
    owned = known | intended
    candidate = replace(before.running, owned, wanted)
    diff = unified_diff(before.running, candidate, owned)
    return Plan(
        before=before,
        candidate=candidate,
        recorded=recorded,
        intended=intended,
        owned=owned,
        diff=diff,
        changed=bool(diff or differences(candidate, frr_device.startup(), owned)),
        pending=pending,
    )


def unconfirmed_push(todo: Plan, owner: str) -> Unconfirmed:
    """The push that the plan describes, as it is to be on file before anything changes."""
    if todo.pending is not None:
        return todo.pending.and_then(todo.owned, todo.intended, todo.before.running)
    return Unconfirmed(
        owner=owner,
        owned=todo.owned,
        intended=todo.intended,
        before=tuple(one for one in todo.before.running if one.header in todo.owned),
        startup=frr_unconfirmed.keep(frr_device.STARTUP_FILE),
        record=frr_unconfirmed.keep(frr_device.RECORD_FILE),
    )


def apply(frr: Frr, todo: Plan, push: Unconfirmed) -> None:
    """Make the running configuration the candidate, or undo the push, which is on file, and raise PushError."""
    why = ""
    try:
        if not todo.diff:
            return
        after = frr.converge(todo.before.running, todo.candidate, todo.before.interfaces, todo.owned)
        wrong = differences(todo.candidate, after, todo.owned)
        if not wrong:
            return
        why = "; ".join(frr.refusals(after, todo.candidate) or wrong)
        if not differences(todo.candidate, frr.running(), todo.owned):
            return  # Line by line FRR took what it had refused as a whole.
        why = f"FRR refused {why}"
    except (DeviceError, OSError) as error:
        why = why or str(error)
    try:
        frr_settle.undo(frr, push)
    except (DeviceError, OSError) as error:
        raise PushError(f"{why}; {error}", restored=False) from error
    raise PushError(f"{why}; the router is as it was before", restored=True)
