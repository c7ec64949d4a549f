"""Tasks that start a run for each of many subscriptions, so that each is reported and retried by itself.

A few are under way at a time, so that an order never waits behind a thousand validations. The task's own job looks,
starts what there is room for, and comes again; so a sweep takes no worker's place while it waits.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import (
    LIVE,
    WAITING,
    Approval,
    Customer,
    JsonObject,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
    Sweep,
)
from trunkline.db.session import SessionMaker
from trunkline.errors import Locked
from trunkline.lifecycle import IN_SERVICE
from trunkline.runs.record import add_note, lock_run
from trunkline.runs.start import NewRun, start
from trunkline.runs.start_task import start_task, task_called
from trunkline.runs.tasks import SHARD

RESYNC_DRIFTED = "resync-drifted"


@dataclass
class _Count:
    """What became of the runs that a sweep started."""

    live: int = 0
    completed: int = 0
    drifted: int = 0
    failed: int = 0


async def sweep(sessions: SessionMaker, run_id: uuid.UUID) -> bool:
    """Start what there is room for; whether all has been started and has ended. Again after a crash, it goes on."""
    async with sessions.begin() as session:
        run = await lock_run(session, run_id)
        state = await session.get(Sweep, run_id)
        if state is None:
            state = Sweep(run_id=run_id, seen_all=False, started=0, busy=0)
            session.add(state)
        count = await _count(session, run)
        if not state.seen_all:
            count.live += await _start_more(
                session, run, state, int(str(run.desired.get("shard") or SHARD)) - count.live
            )
        if not state.seen_all or count.live:
            return False
        await add_note(session, run, _said(run, state, count))
        if count.drifted and run.desired.get("resync"):
            await _resync(session, run, Approval(str(run.desired["resync"])))
        return True


async def _start_more(session: AsyncSession, run: Run, state: Sweep, room: int) -> int:
    target = RunTarget.RESYNC if run.task == RESYNC_DRIFTED else RunTarget.VALIDATE
    started = 0
    while room > started and not state.seen_all:
        found = await _next(session, run, state, room - started)
        state.seen_all = len(found) < room - started
        for subscription in found:
            state.last_id = subscription.id
            try:
                new = NewRun(
                    target=target,
                    by=run.created_by,
                    subscription=subscription,
                    approval=run.approval if target is RunTarget.RESYNC else Approval.AUTO,
                    desired=subscription.block,
                    parent_id=run.id,
                )
                await start(session, new)
                started += 1
            except Locked:
                state.busy += 1
    state.started += started
    return started


async def _next(session: AsyncSession, run: Run, state: Sweep, limit: int) -> list[Subscription]:
    query = select(Subscription).where(Subscription.status.in_(IN_SERVICE))
    if state.last_id is not None:
        query = query.where(Subscription.id > state.last_id)
    if run.task == RESYNC_DRIFTED:
        query = query.where(~Subscription.insync)
    if product := run.desired.get("product"):
        query = query.where(Subscription.product_slug == str(product))
    if customer := run.desired.get("customer"):
        query = query.where(Subscription.customer.has(Customer.shortcode == str(customer)))
    query = query.order_by(Subscription.id).limit(limit).with_for_update(of=Subscription)
    return list((await session.scalars(query)).unique())


async def _count(session: AsyncSession, run: Run) -> _Count:
    count = _Count()
    mine = Run.parent_id == run.id, Run.target != RunTarget.TASK
    for status, number in await session.execute(select(Run.status, func.count()).where(*mine).group_by(Run.status)):
        if status in LIVE:
            # One that waits for a person takes no worker's place: the sweep goes on without it.
            count.live += 0 if status in WAITING else number
        elif status is RunStatus.COMPLETED:
            count.completed = number
        else:
            count.failed += number
    if run.task != RESYNC_DRIFTED:
        drifted = or_(Run.plan["netbox"] != [], Run.plan["devices"] != {})
        query = select(func.count()).where(*mine, Run.status == RunStatus.COMPLETED, drifted)
        count.drifted = await session.scalar(query) or 0
    return count


def _said(run: Run, state: Sweep, count: _Count) -> str:
    waiting = state.started - count.completed - count.failed
    parts = [
        f"{state.started} runs started: {count.completed} completed",
        *([f"{count.drifted} of them found drift"] if run.task != RESYNC_DRIFTED else []),
        f"{count.failed} failed",
        *([f"{waiting} wait for a person"] if waiting else []),
    ]
    return f"{', '.join(parts)}; {state.busy} subscriptions left out: other runs work on them."


async def _resync(session: AsyncSession, run: Run, approval: Approval) -> None:
    given: JsonObject = {name: run.desired.get(name) for name in ("product", "customer", "shard")}
    follow_up = await start_task(session, run.created_by, task_called(RESYNC_DRIFTED), given, approval=approval)
    follow_up.parent_id = run.id
