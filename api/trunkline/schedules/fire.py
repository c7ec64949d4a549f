"""Start what is due: each occurrence once, whichever worker comes first."""

import logging
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Run, Schedule
from trunkline.db.session import SessionMaker
from trunkline.errors import Locked, Problem
from trunkline.runs.start_task import start_task, task_called
from trunkline.schedules.cron import next_after

logger = logging.getLogger(__name__)


async def fire_due(sessions: SessionMaker) -> None:
    """Start the runs of all schedules that are due. What came due several times while nobody worked is started once."""
    while True:
        async with sessions.begin() as session:
            # The database's clock: those of the workers' hosts may differ.
            moment = (await session.scalars(select(func.now()))).one()
            query = select(Schedule).where(~Schedule.paused, Schedule.next_at <= moment).order_by(Schedule.next_at)
            query = query.limit(1).with_for_update(of=Schedule, skip_locked=True)
            schedule = (await session.scalars(query)).unique().one_or_none()
            if schedule is None:
                return
            await _fire(session, schedule, moment)


async def _fire(session: AsyncSession, schedule: Schedule, moment: datetime) -> None:
    try:
        # A savepoint: what is refused leaves nothing, and the next occurrence is set all the same.
        async with session.begin_nested():
            run = await run_now(session, schedule, f"schedule {schedule.name}")
        logger.info("schedule %s: started run %s", schedule.name, run.id)
    except Problem as error:
        logger.warning("schedule %s: nothing started: %s", schedule.name, error.detail)
        schedule.last_error = error.detail
    schedule.last_at = moment
    try:
        schedule.next_at = next_after(schedule.cron, schedule.timezone, moment)
    except ValueError as error:
        logger.exception("schedule %s: paused", schedule.name)
        schedule.paused, schedule.next_at, schedule.last_error = True, None, f"Paused: {error}"


async def run_now(session: AsyncSession, schedule: Schedule, by: str) -> Run:
    """Start the schedule's task. Raises Locked while its last run goes on, and what starting the task raises."""
    last = schedule.last_run
    if last is not None and not last.status.ended:
        raise Locked(
            f"Run {last.id} of this schedule is still {last.status}: wait for it, or cancel it with "
            f"POST /api/v1/runs/{last.id}/cancel.",
            run=str(last.id),
        )
    run = await start_task(session, by, task_called(schedule.task), schedule.input, approval=schedule.approval)
    schedule.last_run, schedule.last_error = run, None
    return run
