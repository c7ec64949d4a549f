# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What Trunkline writes down on an SR Linux router: what is ours, and who may change it now.

The router has no place for notes, so each note is an empty prefix set whose name says it. No policy refers to it, so
it does nothing; it is changed in the same transaction as the configuration it is about; and every door (API, AWX, a
shell) meets there.

    trunkline owns /interface=ethernet-1%2F1
    trunkline lease run 7f3c until 2026-11-23T22:10:00.000Z
    trunkline change run 7f3c until 2026-11-23T22:11:30.000Z

A lease becomes a change in the transaction that changes the router. While that waits to be confirmed the change stands
here; if the router takes it back, the lease stands here again.

JSON-RPC holds no candidate from one request to the next, and SR Linux's tools to lock the running configuration are not
released yet (feature future-0-0 of its models). So a lease is a flag of its owner's own: raise it, then look; who sees
no other flag holds the router. Of two who see each other, the one with the greater name lowers its flag. That excludes
(each raises before it looks, and the router does one transaction after the other) and ends. It binds Trunkline only:
a person at the CLI is kept out by nothing but a transaction that waits to be confirmed.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .srlinux_rpc import BusyError, Router, RouterError
from .srlinux_tree import Command, Place, entries, place_of_label

if TYPE_CHECKING:
    from collections.abc import Iterable

POLL_S = 0.5
_OWNS = "trunkline owns "
_LEASE = re.compile(r"trunkline (lease|change) (.+) until (\S+)")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 !@#$%^&()|+=`~.,/_:;?-]+")


class LeaseError(RouterError):
    """Another run holds the router (`holder`), or ours has lost it."""

    def __init__(self, message: str, holder: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.holder = holder


@dataclass(frozen=True)
class Lease:
    """Who has raised a flag (`owner`), until when on the router's clock; `changed` once it has pushed something."""

    owner: str
    until: datetime
    changed: bool = False

    @property
    def note(self) -> str:
        """The name that it stands under."""
        return f"trunkline {'change' if self.changed else 'lease'} {self.owner} until {_text(self.until)}"


@dataclass(frozen=True)
class Records:
    """The router's time and notes at one moment."""

    now: datetime
    owned: frozenset[Place]
    leases: tuple[Lease, ...]

    def others(self, owner: str) -> list[Lease]:
        """The flags of others that still stand."""
        return [lease for lease in self.leases if lease.owner != owner and lease.until > self.now]

    def over(self) -> list[Lease]:
        """The flags whose time is up: their owners have died, perhaps before they had saved."""
        return [lease for lease in self.leases if lease.until <= self.now]

    def held_by(self, owner: str) -> Lease | None:
        """The flag of that owner, if it still stands; the change where there is one."""
        own = [lease for lease in self.leases if lease.owner == owner and lease.until > self.now]
        return max(own, key=lambda lease: lease.changed) if own else None


def read_records(router: Router) -> Records:
    """Read the notes and the clock with one request. Raises RouterError."""
    sets, clock = router.get(
        ("running", "/routing-policy/prefix-set[name=*]"), ("state", "/system/information/current-datetime")
    )
    names = [str(entry.get("name", "")) for entry in entries(sets, "prefix-set")]
    places = [place_of_label(name.removeprefix(_OWNS)) for name in names if name.startswith(_OWNS)]
    matches = [match for match in map(_LEASE.fullmatch, names) if match]
    try:
        now = _time(str(clock))
        leases = tuple(Lease(match[2], _time(match[3]), match[1] == "change") for match in matches)
    except ValueError as error:
        raise RouterError(f"{router.name}: its clock or a lease on it is not readable ({error})") from error
    return Records(now, frozenset(place for place in places if place), leases)


def ownership(recorded: frozenset[Place], wanted: Iterable[Place]) -> list[Command]:
    """The commands that make the notes name what is wanted."""
    target = frozenset(wanted)
    return [
        *(_lower(f"{_OWNS}{place.label}") for place in sorted(recorded - target)),
        *(_raise(f"{_OWNS}{place.label}") for place in sorted(target - recorded)),
    ]


def owner_of(name: str) -> str:
    """A name as it can stand in a note."""
    return _NOT_IN_NAMES.sub("-", name)[:150].strip() or "unnamed"


def take(router: Router, owner: str, ttl_s: int, wait_s: int) -> Lease:
    """Hold the router for `ttl_s`, waiting up to `wait_s` for others.

    The same owner may take it again. Raises LeaseError when it is still another's then, with who holds it.
    """
    deadline = time.monotonic() + wait_s
    raised: Lease | None = None
    waited = False
    while True:
        records = read_records(router)
        others = records.others(owner)
        try:
            if not others:
                standing = raised is not None and raised in records.leases and raised.until > records.now
                if raised is not None and standing and not waited:
                    return raised
                # After a wait raised anew: the time of a lease counts from when it is had.
                raised, waited = _raise_flag(router, owner, records, ttl_s), False
                continue
            waited = True
            if raised is not None and any(lease.owner < owner for lease in others):
                router.set([_lower(raised.note)])
                raised = None
            busy = None
        except BusyError as error:
            busy = error
        if time.monotonic() >= deadline:
            if raised is not None:
                # Where that is refused the flag ends by itself, and who holds the router is the better message.
                with contextlib.suppress(RouterError):
                    router.set([_lower(raised.note)])
            raise _held(router, records, others, busy)
        time.sleep(POLL_S)


def give_back(router: Router, owner: str, undo: bool) -> bool:
    """Lower the owner's flag, if there is one, and with `undo` take back what waits to be confirmed under it.

    Returns whether there was a flag. Raises RouterError.
    """
    records = read_records(router)
    mine = [lease for lease in records.leases if lease.owner == owner]
    if undo and any(lease.changed for lease in mine):
        # Refused when it was confirmed, or taken back in this moment: both are an end.
        with contextlib.suppress(RouterError):
            router.reject()
        mine = [lease for lease in read_records(router).leases if lease.owner == owner]
    if mine:
        router.set([_lower(lease.note) for lease in mine])
        # Also where nothing was changed: another run may have saved while our flag stood.
        router.save()
    return bool(mine)


def as_change(lease: Lease, records: Records, ttl_s: int) -> tuple[Lease, list[Command]]:
    """The lease as it is once something is pushed under it, and the commands that make it so."""
    until = _time(_text(records.now + timedelta(seconds=ttl_s)))
    change = Lease(lease.owner, until, changed=True)
    return change, [_lower(lease.note), _raise(change.note)] if change != lease else []


def _held(router: Router, records: Records, others: list[Lease], busy: BusyError | None) -> LeaseError:
    if not others:
        return LeaseError(
            f"{busy}; somebody's transaction waits to be confirmed: confirm or reject it", {"owner": "unknown"}
        )
    first = max(others, key=lambda lease: lease.until)
    left_s = (first.until - records.now).total_seconds()
    return LeaseError(
        f"{router.name}: the lease of this router is held by '{first.owner}' for another {left_s:.0f} s; wait for that "
        "run to end, or cancel it",
        {"owner": first.owner, "ttl_s": round(left_s, 1)},
    )


def _raise_flag(router: Router, owner: str, records: Records, ttl_s: int) -> Lease:
    lease = Lease(owner, _time(_text(records.now + timedelta(seconds=ttl_s))))
    stale = [old for old in (*records.over(), records.held_by(owner)) if old is not None and old != lease]
    router.set([*(_lower(old.note) for old in stale), _raise(lease.note)])
    if stale:
        # A run that died may have changed the router and not saved it; its flag was the only trace of that.
        router.save()
    return lease


def _raise(note: str) -> Command:
    return {"action": "update", "path": f"/routing-policy/prefix-set[name={note}]", "value": {"name": note}}


def _lower(note: str) -> Command:
    return {"action": "delete", "path": f"/routing-policy/prefix-set[name={note}]"}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def _text(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
