"""Start a run: the one place where runs are made, and where it is said who stands in the way."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.history import acting
from trunkline.db.models import (
    LIVE,
    Approval,
    Dependency,
    JsonObject,
    Lifecycle,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)
from trunkline.errors import Json, Locked
from trunkline.runs.claims import hold_also
from trunkline.runs.queue import defer
from trunkline.runs.record import say_queued, set_status


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """What is to be done. Without a subscription it is a task, a batch, or the plan of an `order` not placed."""

    target: RunTarget
    by: str
    title: str = ""
    subscription: Subscription | None = None
    approval: Approval = Approval.AUTO
    desired: JsonObject
    desired_status: Lifecycle | None = None
    plan_only: bool = False
    skip_devices: bool = False
    order: JsonObject | None = None
    task: str | None = None
    parent_id: uuid.UUID | None = None
    retry_of: uuid.UUID | None = None
    id: uuid.UUID | None = None


async def start(session: AsyncSession, new: NewRun) -> Run:
    """Store the run and queue its first stage; it starts when the caller commits.

    The caller has locked the subscription's row (or has just made it). Raises Locked while another run works on it
    or changes what it depends on, and Duplicate or Conflict where a change wants what it cannot have.
    """
    subscription = new.subscription
    if subscription is not None:
        await refuse_while_locked(session, subscription)
        if new.target is RunTarget.MODIFY and not new.plan_only:
            await hold_also(session, subscription, new.desired)
    run = Run(
        id=new.id or uuid.uuid4(),
        subscription=subscription,
        title=new.title or (subscription.description if subscription else new.task or ""),
        target=new.target,
        status=RunStatus.QUEUED,
        approval=new.approval,
        before=subscription.block if subscription else {},
        desired=new.desired,
        desired_status=new.desired_status,
        plan_only=new.plan_only,
        skip_devices=new.skip_devices,
        order=new.order,
        task=new.task,
        parent_id=new.parent_id,
        retry_of=new.retry_of,
        created_by=new.by,
    )
    session.add(run)
    await session.flush()
    await acting(session, new.by, run.id)
    await set_status(session, run, RunStatus.QUEUED, by=new.by)
    await defer(session, run)
    await session.refresh(run, ["created_at"])
    return run


async def start_carried(session: AsyncSession, batch: Run, subscriptions: Sequence[Subscription]) -> None:
    """Store a run beside the batch for each order that it carries out, of subscriptions that were just made.

    Raises Locked as `start` does.
    """
    needed = await _needs(session, [subscription.id for subscription in subscriptions])
    await _hold(session, needed)
    if await _holder(session, needed, changing=True) is not None:
        for subscription in subscriptions:
            await refuse_while_locked(session, subscription)
    runs = [
        Run(
            id=uuid.uuid4(),
            subscription=subscription,
            title=subscription.description,
            target=RunTarget.CREATE,
            status=RunStatus.QUEUED,
            approval=batch.approval,
            before=subscription.block,
            desired=subscription.block,
            parent_id=batch.id,
            carried=True,
            position=position,
            created_by=batch.created_by,
        )
        for position, subscription in enumerate(subscriptions)
    ]
    session.add_all(runs)
    await session.flush()
    await say_queued(session, [run.id for run in runs], batch.created_by)


async def refuse_while_locked(session: AsyncSession, subscription: Subscription) -> None:
    """Raises Locked naming the run that works on the subscription, or that changes something it depends on."""
    holder = await _holder(session, [subscription.id])
    if holder is not None:
        raise locked(holder, f"works on {subscription.description}")
    needed = await _needs(session, [subscription.id])
    await _hold(session, needed)
    holder = await _holder(session, needed, changing=True)
    if holder is not None:
        raise locked(holder, f"changes {holder.title}, on which {subscription.description} depends")


def locked(holder: Run, what: str, **more: Json) -> Locked:
    """The refusal; `what` says what the holder does, `more` are members of the problem document."""
    return Locked(
        f"Run {holder.id} ({holder.target}, {holder.status}, by {holder.created_by}) {what}: "
        f"wait for it, or cancel it with POST /api/v1/runs/{holder.parent_id or holder.id}/cancel.",
        run=str(holder.id),
        run_status=holder.status.value,
        held_by=holder.created_by,
        **more,
    )


async def changing_run(session: AsyncSession, subscription_id: uuid.UUID) -> Run | None:
    """The run that is changing the subscription at this moment."""
    return await _holder(session, [subscription_id], changing=True)


async def _hold(session: AsyncSession, ids: list[uuid.UUID]) -> None:
    """Whoever starts a run on one of these has locked its row: it is seen afterwards, or it waits and sees ours."""
    if ids:
        rows = select(Subscription.id).where(Subscription.id.in_(ids)).order_by(Subscription.id)
        await session.execute(rows.with_for_update(read=True))


async def _needs(session: AsyncSession, ids: list[uuid.UUID]) -> list[uuid.UUID]:
    """All that these subscriptions depend on, directly or not."""
    below = select(Dependency.depends_on_id).where(Dependency.subscription_id.in_(ids)).cte("below", recursive=True)
    below = below.union(
        select(Dependency.depends_on_id).join(below, Dependency.subscription_id == below.c.depends_on_id)
    )
    return list(await session.scalars(select(below.c.depends_on_id)))


async def _holder(session: AsyncSession, ids: list[uuid.UUID], *, changing: bool = False) -> Run | None:
    if not ids:
        return None
    query = select(Run).where(Run.subscription_id.in_(ids), Run.status.in_(LIVE))
    runs = (await session.scalars(query.order_by(Run.created_at))).unique()
    return next((run for run in runs if run.locks or not changing), None)
