"""Gather what needs attention."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from trunkline.access import Caller, Role
from trunkline.access.caller import sees, sees_runs
from trunkline.access.four_eyes import own_order
from trunkline.access.reach import of_run
from trunkline.db.models import LIVE, Run, RunStatus, Subscription
from trunkline.lifecycle import IN_SERVICE
from trunkline.routes.overview.schemas import Counts
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.subscriptions.schemas import SubscriptionOut, subscription_out
from trunkline.runs.record import now

_MOST = 20
_FAILED_WITHIN = timedelta(days=7)
_DRIFTED = Subscription.status.in_(IN_SERVICE) & ~Subscription.insync


async def running(session: AsyncSession, caller: Caller) -> list[RunOut]:
    """Runs under way. Those that a batch carries out are seen in the batch."""
    return await _runs(session, caller, Run.status.in_(LIVE - {RunStatus.AWAITING_APPROVAL}) & ~Run.carried)


async def waiting(session: AsyncSession, caller: Caller) -> list[RunOut]:
    """Runs that wait for approval."""
    return await _runs(session, caller, (Run.status == RunStatus.AWAITING_APPROVAL) & ~Run.carried)


async def to_decide(
    session: AsyncSession, caller: Caller, runs: Iterable[RunOut], *, four_eyes: bool
) -> list[uuid.UUID]:
    """Of runs that wait for approval those whose plan the caller may approve."""
    found = []
    for run in runs:
        owned = await of_run(session, run.id)
        may = all(caller.may(Role.APPROVER, *each) for each in owned) if owned else caller.everywhere(Role.APPROVER)
        own = may and four_eyes and await own_order(session, caller, await session.get_one(Run, run.id))
        if may and not own:
            found.append(run.id)
    return found


async def failures(session: AsyncSession, caller: Caller) -> list[RunOut]:
    """Runs that failed, and after which nothing else was done for their subscription."""
    later = aliased(Run)
    superseded = exists().where(
        later.subscription_id == Run.subscription_id, later.created_at > Run.created_at, ~later.plan_only
    )
    failed = Run.status.in_([RunStatus.FAILED, RunStatus.ROLLED_BACK])
    recent = Run.created_at > now() - _FAILED_WITHIN
    return await _runs(session, caller, failed & recent & ~Run.plan_only & ~superseded)


async def lately(session: AsyncSession, caller: Caller) -> list[RunOut]:
    """The newest that ended well, and were more than a plan."""
    return await _runs(session, caller, (Run.status == RunStatus.COMPLETED) & ~Run.plan_only & ~Run.carried, most=10)


async def drift(session: AsyncSession, caller: Caller) -> list[SubscriptionOut]:
    """Subscriptions in service that are not as ordered."""
    query = select(Subscription).where(_DRIFTED, sees(caller)).order_by(Subscription.updated_at.desc()).limit(_MOST)
    return [subscription_out(row) for row in (await session.scalars(query)).unique()]


async def counts(session: AsyncSession, caller: Caller) -> Counts:
    """How many subscriptions there are."""
    rows = await session.execute(
        select(Subscription.status, func.count()).where(sees(caller)).group_by(Subscription.status)
    )
    drifted = await session.scalar(select(func.count()).where(_DRIFTED, sees(caller)))
    return Counts(status=dict(row.tuple() for row in rows), drifted=drifted or 0)


async def _runs(
    session: AsyncSession, caller: Caller, condition: ColumnElement[bool], most: int = _MOST
) -> list[RunOut]:
    query = select(Run).where(condition, sees_runs(caller)).order_by(Run.created_at.desc()).limit(most)
    return [run_out(run) for run in (await session.scalars(query)).unique()]
