# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""One push to one SR Linux router: see what is to be done; if anything is, do it under a lease, all or nothing."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .srlinux_records import Lease, LeaseError, Records, as_change, give_back, ownership, read_records, take
from .srlinux_rpc import BusyError, Router, RouterError, SilentError
from .srlinux_tree import Command, Place, Wanted, commands

if TYPE_CHECKING:
    from collections.abc import Callable

# How long the router waits for a push that confirms itself, once it has answered that it carries all of it.
CONFIRM_S = 30
# Beyond the wait for a confirmation a lease must last for the few requests that follow it.
_AFTERWARDS_S = 30
_POLL_S = 0.5


class PushError(RouterError):
    """A push that was begun and not kept; `restored` tells whether the router is known to be as it was."""

    def __init__(self, message: str, restored: bool) -> None:
        super().__init__(message)
        self.restored = restored


@dataclass(frozen=True)
class Terms:
    """How to push.

    `owner` of the lease; `held` if it was taken before and is to stay. With `confirm_s` the change waits so long for
    somebody to confirm it; without, it is confirmed here, once the router is seen to carry it.
    """

    owner: str
    held: bool = False
    confirm_s: int = 0
    lease_ttl_s: int = 120
    lease_wait_s: int = 60
    also_owned: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What a push has to do: the commands, what they would change in the router's words, and its notes."""

    commands: list[Command]
    notes: list[Command]
    diff: str
    records: Records

    @property
    def changed(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.diff or self.notes)

    @property
    def everything(self) -> list[Command]:
        """All commands of the transaction."""
        return [*self.commands, *self.notes]


@dataclass
class Outcome:
    """What became of a push; `unconfirmed` while it waits to be confirmed."""

    plan: Plan
    owned: frozenset[Place]
    unconfirmed: bool = False
    saved: bool = False
    timings_s: dict[str, float] = field(default_factory=dict)


class Stopwatch:
    """Seconds by step, for the answer."""

    def __init__(self) -> None:
        self.timings_s: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, step: str) -> None:
        """End a step; the next one begins."""
        now = time.monotonic()
        self.timings_s[step] = round(self.timings_s.get(step, 0.0) + now - self._since, 3)
        self._since = now


def plan(router: Router, wanted: Wanted, also_owned: frozenset[Place]) -> Plan:
    """See what is to be done: two requests, nothing is changed. Raises RouterError."""
    records = read_records(router)
    todo = commands(wanted, records.owned | also_owned)
    return Plan(todo, ownership(records.owned, wanted.owned), router.diff(todo) if todo else "", records)


def push(router: Router, want: Callable[[], Wanted], terms: Terms, check: bool) -> Outcome:
    """Make the router carry what `want` returns. Raises RouterError; PushError once something was begun.

    Without a lease `want` is called again once it is taken: what was read before another run's change must not be
    pushed after it. With nothing to do no lease is taken, for the router is then already as intended.
    """
    watch = Stopwatch()
    if check or not terms.held:
        outcome = _compared(router, want(), terms, watch)
        if check and outcome.plan.changed:
            router.validate(outcome.plan.everything)
            watch.lap("validate")
        if check or not (outcome.plan.changed or outcome.plan.records.over()):
            return outcome
        take(router, terms.owner, terms.lease_ttl_s, terms.lease_wait_s)
        watch.lap("lease")
    try:
        wanted = want()
        outcome = _compared(router, wanted, terms, watch)
        lease = outcome.plan.records.held_by(terms.owner)
        if lease is None:
            raise LeaseError(f"{router.name}: lease '{terms.owner}' is over; take it again, then read the intent again")
        if outcome.plan.changed:
            _apply(router, wanted, outcome.plan, lease, terms)
            outcome.unconfirmed = bool(terms.confirm_s)
            watch.lap("push")
            if not outcome.unconfirmed:
                keep(router)
                outcome.saved = True
                watch.lap("save")
    except RouterError:
        if not terms.held:
            # A refusal here must not hide why the push failed; the lease ends by itself.
            with contextlib.suppress(RouterError):
                give_back(router, terms.owner, undo=True)
        raise
    if not terms.held:
        give_back(router, terms.owner, undo=False)
        watch.lap("save")
    return outcome


def keep(router: Router) -> None:
    """Confirm the change and save it. Raises RouterError."""
    try:
        router.accept()
    except SilentError as error:
        raise PushError(
            f"{error}; whether it is confirmed is not known: if not, the router returns to its configuration from "
            "before by itself. Run it again to see.",
            restored=False,
        ) from error
    # Before the lease goes: a run that dies here leaves with it the trace that something is not saved.
    router.save()


def _compared(router: Router, wanted: Wanted, terms: Terms, watch: Stopwatch) -> Outcome:
    todo = plan(router, wanted, terms.also_owned)
    watch.lap("compare")
    return Outcome(todo, frozenset(wanted.owned), timings_s=watch.timings_s)


def _apply(router: Router, wanted: Wanted, todo: Plan, lease: Lease, terms: Terms) -> None:
    """Change the router and see that it carries what is wanted; what is wrong is taken back."""
    timeout_s = terms.confirm_s or CONFIRM_S
    change, notes = as_change(lease, todo.records, timeout_s + _AFTERWARDS_S)
    router.validate(todo.everything)
    wait = f"the router returns to its configuration from before by itself within {timeout_s} s"
    try:
        _set(router, [*todo.everything, *notes], timeout_s, terms.lease_wait_s)
        after = plan(router, wanted, terms.also_owned)
    except SilentError as error:
        raise PushError(f"{error}; nothing is confirmed, {wait}", restored=False) from error
    if not after.changed and change in after.records.leases:
        return
    why = f"still to do after the push:\n{after.diff}" if after.changed else "another run has taken the router over"
    try:
        router.reject()
    except RouterError as error:
        raise PushError(f"{router.name}: {why}; taking it back failed ({error}), {wait}", restored=False) from error
    raise PushError(f"{router.name}: {why}; the router is as it was before", restored=True)


def _set(router: Router, todo: list[Command], timeout_s: int, wait_s: int) -> None:
    """One transaction; a person's that waits to be confirmed is waited for."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return router.set(todo, timeout_s)
        except BusyError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_POLL_S)
