"""Runs: started, approved, cancelled, retried, rolled back."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.auth import Caller
from trunkline.db.models import LIVE, Approval, JsonObject, Lifecycle, Run, RunStatus, RunTarget, Subscription
from trunkline.errors import Conflict, IllegalTransition, Locked, NotFound
from trunkline.runs.outcome import can_roll_back
from trunkline.runs.queue import defer
from trunkline.runs.record import CANCEL_CHANNEL, add_note, lock_run, notify, set_status


async def start_run(
    session: AsyncSession,
    subscription: Subscription,
    target: RunTarget,
    caller: Caller,
    *,
    approval: Approval,
    desired: JsonObject,
    retry_of: uuid.UUID | None = None,
    run_id: uuid.UUID | None = None,
) -> Run:
    """Store the run and queue its first stage; it starts when the caller commits.

    The caller has locked the subscription's row (or has just made it). Raises Locked while another run works on it.
    """
    await _refuse_while_locked(session, subscription)
    run = Run(
        id=run_id or uuid.uuid4(),
        subscription=subscription,
        target=target,
        status=RunStatus.QUEUED,
        approval=approval,
        before=subscription.block,
        desired=desired,
        retry_of=retry_of,
        created_by=caller.name,
    )
    session.add(run)
    await session.flush()
    await set_status(session, run, RunStatus.QUEUED, by=caller.name)
    await defer(session, run)
    await session.refresh(run, ["created_at"])
    return run


async def get(session: AsyncSession, run_id: uuid.UUID) -> Run:
    """The run. Raises NotFound."""
    run = await session.get(Run, run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id}. GET /api/v1/runs lists them.")
    return run


async def approve(session: AsyncSession, caller: Caller, run_id: uuid.UUID, digest: str | None) -> Run:
    """The run goes on with its plan. Raises IllegalTransition, or Conflict for another plan than the one looked at."""
    run = await lock_run(session, run_id)
    if run.status is not RunStatus.AWAITING_APPROVAL:
        raise IllegalTransition(f"Run {run.id} is {run.status}; only a run that awaits approval can be approved.")
    if digest is not None and digest != run.plan_digest:
        raise Conflict(
            "The plan is not the one that you looked at: look at GET .../plan again.", digest=run.plan_digest
        )
    run.approved_by = caller.name
    await set_status(session, run, RunStatus.APPLYING, by=caller.name)
    await defer(session, run)
    return run


async def cancel(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> Run:
    """The run ends as soon as its playbook is stopped; what was applied is rolled back. Raises IllegalTransition."""
    run = await lock_run(session, run_id)
    if run.status.ended or run.status is RunStatus.ROLLING_BACK:
        raise IllegalTransition(f"Run {run.id} is {run.status} and cannot be cancelled.")
    if run.cancel_requested_by is not None:
        return run
    run.cancel_requested_by = caller.name
    if run.status is RunStatus.AWAITING_APPROVAL:
        run.error = {
            "title": "Not approved",
            "detail": f"Cancelled by {caller.name}; nothing was changed.",
            "host": None,
            "task": None,
        }
        await set_status(session, run, RunStatus.CANCELLED, by=caller.name)
        return run
    await add_note(session, run, f"{caller.name} asks to cancel.")
    await notify(session, CANCEL_CHANNEL, run.id)
    return run


async def retry(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> Run:
    """A new run for the same. Raises IllegalTransition, Conflict, Locked."""
    run = await lock_run(session, run_id)
    if not run.status.ended or run.status is RunStatus.COMPLETED:
        raise IllegalTransition(
            f"Run {run.id} is {run.status}; only a failed, rolled back or cancelled run can be retried."
        )
    subscription = await _lock_subscription(session, run)
    await _refuse_while_locked(session, subscription)
    await _refuse_unless_last(session, run)
    if subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(f"{subscription.description} is terminated: order a new one.")
    return await start_run(
        session, subscription, run.target, caller, approval=run.approval, desired=run.desired, retry_of=run.id
    )


async def roll_back(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> Run:
    """Go back to the values before the run: of a failed run in the run itself, of a completed modify in a new run.

    Raises IllegalTransition, Conflict, Locked.
    """
    run = await lock_run(session, run_id)
    subscription = await _lock_subscription(session, run)
    await _refuse_while_locked(session, subscription)
    await _refuse_unless_last(session, run)
    if run.status is RunStatus.COMPLETED and run.target is RunTarget.MODIFY:
        return await start_run(
            session, subscription, RunTarget.MODIFY, caller, approval=run.approval, desired=run.before
        )
    if run.status is RunStatus.FAILED and subscription.touched and can_roll_back(run):
        run.finished_at = None
        await set_status(session, run, RunStatus.ROLLING_BACK, by=caller.name)
        await defer(session, run)
        return run
    undo = "terminate the subscription to undo a create"
    remedy = undo if run.target is RunTarget.CREATE else "there is nothing to go back to"
    raise IllegalTransition(f"Run {run.id} ({run.target}) is {run.status} and cannot be rolled back: {remedy}.")


async def _lock_subscription(session: AsyncSession, run: Run) -> Subscription:
    query = select(Subscription).where(Subscription.id == run.subscription_id)
    query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    return (await session.scalars(query)).unique().one()


async def _refuse_while_locked(session: AsyncSession, subscription: Subscription) -> None:
    query = select(Run).where(Run.subscription_id == subscription.id, Run.status.in_(LIVE))
    holder = (await session.scalars(query)).unique().first()
    if holder is not None:
        raise Locked(
            f"Run {holder.id} ({holder.target}, {holder.status}, by {holder.created_by}) works on "
            f"{subscription.description}: wait for it, or cancel it with POST /api/v1/runs/{holder.id}/cancel.",
            run=str(holder.id),
            run_status=holder.status.value,
        )


async def _refuse_unless_last(session: AsyncSession, run: Run) -> None:
    query = select(Run.id).where(Run.subscription_id == run.subscription_id).order_by(Run.created_at.desc()).limit(1)
    last = await session.scalar(query)
    if last != run.id:
        raise Conflict(f"Run {last} came after run {run.id}: look at that one.", run=str(last))
