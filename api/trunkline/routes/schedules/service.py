"""Schedules: made, changed, started now."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.db.models import Schedule
from trunkline.errors import Duplicate, FieldError, NotFound, invalid
from trunkline.routes.schedules.schemas import ScheduleChange, ScheduleIn
from trunkline.runs.start_task import checked_input
from trunkline.runs.tasks import TASKS, Task
from trunkline.schedules.cron import next_after, zone


async def get(session: AsyncSession, name: str, *, lock: bool = False) -> Schedule:
    """The schedule. Raises NotFound."""
    query = select(Schedule).where(Schedule.name == name)
    row = (await session.scalars(query.with_for_update(of=Schedule) if lock else query)).unique().one_or_none()
    if row is None:
        raise NotFound(f"There is no schedule {name}. GET /api/v1/schedules lists them.")
    return row


async def create(session: AsyncSession, caller: Caller, body: ScheduleIn) -> Schedule:
    """A schedule with a name that no other has. Raises Invalid, Duplicate."""
    values = checked_input(_task(body.task), body.input)
    due = _due(body.cron, body.timezone, await _now(session))
    row = {
        "id": uuid.uuid4(),
        "name": body.name,
        "task": body.task,
        "input": values,
        "approval": body.approval,
        "cron": body.cron,
        "timezone": body.timezone,
        "paused": body.paused,
        "next_at": None if body.paused else due,
        "created_by": caller.name,
    }
    made = await session.scalar(insert(Schedule).values(row).on_conflict_do_nothing().returning(Schedule.id))
    if made is None:
        raise Duplicate(f"There is a schedule {body.name} already: change it, or choose another name.")
    return await get(session, body.name)


async def change(session: AsyncSession, schedule: Schedule, body: ScheduleChange) -> None:
    """Change what is given; a new time counts from now. Raises Invalid."""
    if not body.model_fields_set:
        message = "give at least one of input, approval, cron, timezone and paused"
        raise invalid([FieldError(field="cron", message=message)])
    if body.input is not None:
        schedule.input = checked_input(_task(schedule.task), body.input)
    schedule.approval = body.approval or schedule.approval
    before = schedule.cron, schedule.timezone, schedule.paused
    schedule.cron = body.cron or schedule.cron
    schedule.timezone = body.timezone or schedule.timezone
    schedule.paused = schedule.paused if body.paused is None else body.paused
    due = _due(schedule.cron, schedule.timezone, await _now(session))
    if schedule.paused:
        schedule.next_at = None
    elif (schedule.cron, schedule.timezone, schedule.paused) != before:
        schedule.next_at = due
    await session.flush()


async def _now(session: AsyncSession) -> datetime:
    return (await session.scalars(select(func.now()))).one()


def _task(name: str) -> Task:
    if name not in TASKS:
        raise invalid([FieldError(field="task", message=f"there is no task {name!r}; there are {', '.join(TASKS)}")])
    return TASKS[name]


def _due(cron: str, timezone: str, moment: datetime) -> datetime:
    try:
        zone(timezone)
    except ValueError as error:
        raise invalid([FieldError(field="timezone", message=str(error))]) from None
    try:
        return next_after(cron, timezone, moment)
    except ValueError as error:
        raise invalid([FieldError(field="cron", message=str(error))]) from None
