"""Runs that wait for a person: asked, approved, passed on, withdrawn. All of it happens in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Happening, JsonObject, Policy, Run, RunStatus
from trunkline.notify.outbox import tell_named
from trunkline.runs.plan import size_of
from trunkline.runs.policy import Decision, matches, strictest, subjects_of
from trunkline.runs.queue import defer, drop
from trunkline.runs.record import add_note, now, set_status


async def decide(session: AsyncSession, run: Run, carried: Sequence[Run], plan: JsonObject) -> Decision:
    """What the policies say of this plan of the run; kept with it, and with those that it carries."""
    policies = await session.scalars(select(Policy).order_by(Policy.name))
    subjects, size = subjects_of(run, carried), size_of(plan)
    decision = strictest([policy for policy in policies if matches(policy, subjects, size)], run.approval)
    for each in (run, *carried):
        each.decision = decision.stored()
    return decision


async def ask(session: AsyncSession, run: Run, carried: Sequence[Run], decision: Decision, **more: object) -> None:
    """The run waits for a person; `more` goes into the event that says so, beside who is to be told."""
    for each in (run, *carried):
        each.approved_by = None
        await set_status(session, each, RunStatus.AWAITING_APPROVAL, notify=decision.notify, **more)
    await tell_named(session, run, Happening.APPROVAL_NEEDED, decision.notify)
    # Of a batch its own times count: it is approved or not as a whole.
    run.escalates_at = _after(decision.escalate_after_s)
    run.expires_at = _after(decision.expire_after_s)


async def approve(session: AsyncSession, run: Run, carried: Sequence[Run], by: str) -> None:
    """The plan is computed once more, and applied if it is still the same."""
    for each in (run, *carried):
        each.approved_by = by
        await set_status(session, each, RunStatus.QUEUED, by=by, approved=True)
    await defer(session, run)


async def withdraw(session: AsyncSession, run: Run, carried: Sequence[Run], title: str, detail: str) -> None:
    """The run ends; nothing was changed."""
    await drop(session, run)
    for each in (run, *carried):
        each.error = {"title": title, "detail": detail, "host": None, "task": None}
        await set_status(session, each, RunStatus.CANCELLED, error=each.error)


async def look_at_time(session: AsyncSession, run: Run, carried: Sequence[Run]) -> None:
    """Pass the run on, or give it up, if its time has come."""
    decision = Decision.of(run)
    if run.status is not RunStatus.AWAITING_APPROVAL or decision is None:
        return
    if run.expires_at is not None and run.expires_at <= now():
        policies, seconds = ", ".join(decision.policies), decision.expire_after_s
        detail = f"Nobody approved the plan within {seconds} s (policy {policies}); nothing was changed."
        await withdraw(session, run, carried, "Approval timed out", detail)
    elif run.escalates_at is not None and run.escalates_at <= now():
        run.escalates_at = None
        to = ", ".join(decision.escalate_to) or "nobody in particular"
        message = f"Nobody has approved the plan within {decision.escalate_after_s} s: passed on to {to}."
        await add_note(session, run, message, notify=decision.escalate_to, escalated=True)
        await tell_named(session, run, Happening.APPROVAL_NEEDED, decision.escalate_to, escalated=message)


def _after(seconds: int | None) -> datetime | None:
    return None if seconds is None else now() + timedelta(seconds=seconds)
