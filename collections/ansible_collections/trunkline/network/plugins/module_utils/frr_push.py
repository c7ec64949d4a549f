# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""One push to one router: decide what is to be done, then do it, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.trunkline.network.plugins.module_utils import frr_device
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr, Snapshot
from ansible_collections.trunkline.network.plugins.module_utils.frr_requirements import unmet
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import (
    Stanza,
    differences,
    replace,
    unified_diff,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class PushError(DeviceError):
    """A push that was begun and not accepted; `restored` tells whether the router is as it was."""

    def __init__(self, message: str, restored: bool) -> None:
        super().__init__(message)
        self.restored = restored


@dataclass(frozen=True)
class Plan:
    """What a push has to do: from `before` to `candidate`; headers of stanzas as recorded, intended, and all owned."""

    before: Snapshot
    candidate: list[Stanza]
    recorded: frozenset[str]
    intended: frozenset[str]
    owned: frozenset[str]
    diff: str
    changed: bool


def plan(frr: Frr, wanted: list[Stanza], also_owned: frozenset[str]) -> Plan:
    """Read the router and decide what is to be done. DeviceError if the router lacks what the stanzas need."""
    before = frr.snapshot()
    problem = unmet(wanted, before.interfaces, before.daemons)
    if problem:
        raise DeviceError(problem)
    recorded = frr_device.read_record()
    intended = frozenset(one.header for one in wanted)
    owned = recorded | intended | also_owned
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
    )


def apply(frr: Frr, todo: Plan) -> None:
    """Do what the plan says, all or nothing; PushError if FRR refuses."""
    # A run that dies half-way must leave a record of all that is ours; hence once before, once after.
    if not todo.recorded >= todo.intended:
        frr_device.write_record(todo.recorded | todo.intended)
    if todo.diff:
        try:
            _push(frr, todo)
        except PushError as error:
            if error.restored:
                frr_device.write_record(todo.recorded)
            raise
    # frr-reload saves by itself; what vtysh alone has changed, or a run that died has left unsaved, is saved here.
    if differences(todo.candidate, frr_device.startup(), todo.owned):
        frr.save()
    if todo.recorded != todo.intended:
        frr_device.write_record(todo.intended)


def _push(frr: Frr, todo: Plan) -> None:
    """Make the running configuration the candidate, or put the snapshot back and raise PushError."""
    before = todo.before
    why, after = "", before.running
    try:
        frr.converge(before.running, todo.candidate, before.interfaces)
        after = frr.running()
        wrong = differences(todo.candidate, after, todo.owned)
        if not wrong:
            return
        why = "; ".join(frr.refusals(after, todo.candidate) or wrong)
        after = frr.running()
        if not differences(todo.candidate, after, todo.owned):
            return  # Line by line FRR took what it had refused as a whole.
    except DeviceError as error:
        why = why or str(error)
    restored = _put_back(frr, after, before, todo.owned)
    outcome = (
        "the router is as it was before"
        if restored
        else "the configuration from before could NOT be put back: compare the owned stanzas by hand"
    )
    raise PushError(f"FRR refused {why}; {outcome}", restored)


def _put_back(frr: Frr, after: Sequence[Stanza], before: Snapshot, owned: frozenset[str]) -> bool:
    """Make the running and startup configuration the snapshot; return whether that worked."""
    try:
        frr.converge(after, before.running, before.interfaces)
        restored = not differences(before.running, frr.running(), owned)
        frr.save()
    except DeviceError:
        return False  # The caller reports it with the reason of the first failure, which is the one that helps.
    return restored
