"""Runs: approved, rejected, cancelled, retried, rolled back."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.access.four_eyes import must_not_be_own
from trunkline.catalog import PRODUCTS
from trunkline.db.history import acting
from trunkline.db.models import Lifecycle, Run, RunStatus, RunTarget, Subscription
from trunkline.errors import Conflict, IllegalTransition, NotFound
from trunkline.runs import adoption, approval, held
from trunkline.runs.outcome import can_roll_back, carried_by
from trunkline.runs.planned import cancel_before_apply
from trunkline.runs.queue import defer
from trunkline.runs.record import CANCEL_CHANNEL, add_note, lock_run, notify, set_status
from trunkline.runs.start import NewRun, refuse_while_locked, start


async def get(session: AsyncSession, run_id: uuid.UUID) -> Run:
    """The run. Raises NotFound."""
    run = await session.get(Run, run_id)
    if run is None:
        raise NotFound(f"There is no run {run_id}. GET /api/v1/runs lists them.")
    return run


async def approve(
    session: AsyncSession, caller: Caller, run_id: uuid.UUID, digest: str | None, *, four_eyes: bool
) -> Run:
    """The run goes on with its plan.

    Raises IllegalTransition, Forbidden, or Conflict for another plan than the one looked at.
    """
    run = await _to_decide_on(session, run_id, "approve")
    await must_not_be_own(session, caller, run, four_eyes=four_eyes)
    if digest is not None and digest != run.plan_digest:
        raise Conflict(
            "The plan is not the one that you looked at: look at GET .../plan again.", digest=run.plan_digest
        )
    await approval.approve(session, run, await carried_by(session, run), caller.name)
    return run


async def reject(session: AsyncSession, caller: Caller, run_id: uuid.UUID, reason: str) -> Run:
    """The run ends, nothing was changed. Raises IllegalTransition, Conflict."""
    run = await _to_decide_on(session, run_id, "reject")
    carried = await carried_by(session, run)
    _ask_to_stop((run, *carried), caller, reason)
    await approval.withdraw(session, run, carried, "Rejected", f"Rejected by {caller.name}: {reason}")
    return run


async def _to_decide_on(session: AsyncSession, run_id: uuid.UUID, what: str) -> Run:
    """The run, if its plan waits for a decision; whatever stands against approving or rejecting is said here."""
    run = await lock_run(session, run_id)
    _refuse_carried(run, what)
    if run.status is not RunStatus.AWAITING_APPROVAL:
        raise IllegalTransition(f"Run {run.id} is {run.status}; you can {what} only a run that awaits approval.")
    return run


async def cancel(session: AsyncSession, caller: Caller, run_id: uuid.UUID, reason: str | None) -> Run:
    """The run ends as soon as its playbook is stopped; what was applied is rolled back.

    A rollback that is cancelled, and a held run that is given up, end as failed: what is there stays there. Raises
    IllegalTransition.
    """
    run = await lock_run(session, run_id)
    if run.status.ended:
        raise IllegalTransition(f"Run {run.id} is {run.status} and cannot be cancelled.")
    _refuse_carried(run, "cancel")
    if run.cancel_requested_by is not None:
        return run
    carried = await carried_by(session, run)
    _ask_to_stop((run, *carried), caller, reason)
    if run.status is RunStatus.HELD:
        await held.give_up(session, run, carried)
    elif run.status in (RunStatus.QUEUED, RunStatus.AWAITING_APPROVAL):
        # No playbook of it runs: there is no worker to wait for.
        await cancel_before_apply(session, run, carried)
    else:
        await add_note(session, run, f"{caller.name} asks to cancel.")
        await notify(session, CANCEL_CHANNEL, run.id)
    return run


def _ask_to_stop(runs: Iterable[Run], caller: Caller, reason: str | None) -> None:
    for run in runs:
        run.cancel_requested_by, run.cancel_reason = caller.name, reason


async def retry(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> Run:
    """A new run for the same; a held one goes on itself. Raises IllegalTransition, Conflict, Locked."""
    run = await lock_run(session, run_id)
    if run.status is RunStatus.HELD:
        _refuse_carried(run, "retry")
        await held.apply_again(session, run, await carried_by(session, run), caller.name)
        return run
    if not run.status.ended or run.status is RunStatus.COMPLETED:
        raise IllegalTransition(
            f"Run {run.id} is {run.status}; only a held, failed, rolled back or cancelled run can be retried."
        )
    _refuse_batch(run)
    subscription = await _lock_subscription(session, run)
    if subscription is not None:
        await refuse_while_locked(session, subscription)
        if not run.plan_only:
            await _refuse_unless_last(session, run)
        if subscription.status is Lifecycle.TERMINATED:
            raise IllegalTransition(f"{subscription.description} is terminated: order a new one.")
        PRODUCTS[subscription.product_slug].must_fit(run.desired, f"What run {run.id} was to bring about")
    new = NewRun(
        target=run.target,
        by=caller.name,
        title=run.title,
        subscription=subscription,
        approval=run.approval,
        desired=run.desired,
        desired_status=run.desired_status,
        plan_only=run.plan_only,
        skip_devices=run.skip_devices,
        order=run.order,
        task=run.task,
        retry_of=run.id,
    )
    return await start(session, new)


async def roll_back(session: AsyncSession, caller: Caller, run_id: uuid.UUID) -> Run:
    """Go back to the values before the run: of a completed modify in a new run; of one that failed, is held, or has
    adopted something, in the run itself.

    Raises IllegalTransition, Conflict, Locked.
    """
    run = await lock_run(session, run_id)
    if run.status is RunStatus.HELD:
        _refuse_carried(run, "roll back")
        await held.roll_back(session, run, await carried_by(session, run), caller.name)
        return run
    _refuse_batch(run)
    subscription = await _lock_subscription(session, run)
    undo = "terminate the subscription to undo a create"
    remedy = undo if run.target is RunTarget.CREATE else "there is nothing to go back to"
    refusal = IllegalTransition(f"Run {run.id} ({run.target}) is {run.status} and cannot be rolled back: {remedy}.")
    if run.task == adoption.ADOPT and not run.plan_only and run.status in (RunStatus.COMPLETED, RunStatus.FAILED):
        await acting(session, caller.name, run.id)
        await adoption.give_back(session, run)
        return await _back(session, run, caller)
    if subscription is None or run.plan_only:
        raise refusal
    await refuse_while_locked(session, subscription)
    await _refuse_unless_last(session, run)
    if run.status is RunStatus.COMPLETED and run.target is RunTarget.MODIFY:
        new = NewRun(
            target=RunTarget.MODIFY,
            by=caller.name,
            subscription=subscription,
            approval=run.approval,
            desired=run.before,
        )
        return await start(session, new)
    if run.status is RunStatus.FAILED and subscription.touched and can_roll_back(run):
        return await _back(session, run, caller)
    raise refusal


async def _back(session: AsyncSession, run: Run, caller: Caller) -> Run:
    run.finished_at = run.cancel_requested_by = run.cancel_reason = None
    # From here it has a job of its own, also when a batch had carried it out before.
    run.carried = False
    await acting(session, caller.name, run.id)
    await set_status(session, run, RunStatus.ROLLING_BACK, by=caller.name)
    await defer(session, run)
    return run


def _refuse_carried(run: Run, what: str) -> None:
    if run.carried:
        raise Conflict(
            f"Run {run.id} is carried out by batch {run.parent_id}: {what} that one.", run=str(run.parent_id)
        )


def _refuse_batch(run: Run) -> None:
    if run.target is RunTarget.BATCH:
        raise IllegalTransition(
            f"Run {run.id} is a batch: its orders have runs of their own, see GET /api/v1/runs?parent={run.id}."
        )


async def _lock_subscription(session: AsyncSession, run: Run) -> Subscription | None:
    if run.subscription_id is None:
        return None
    query = select(Subscription).where(Subscription.id == run.subscription_id)
    query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    return (await session.scalars(query)).unique().one()


async def _refuse_unless_last(session: AsyncSession, run: Run) -> None:
    query = select(Run.id).where(Run.subscription_id == run.subscription_id, ~Run.plan_only)
    query = query.order_by(Run.created_at.desc()).limit(1)
    last = await session.scalar(query)
    if last != run.id:
        raise Conflict(f"Run {last} came after run {run.id}: look at that one.", run=str(last))
