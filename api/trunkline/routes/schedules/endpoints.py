"""Schedules: tasks that the clock starts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import Schedule
from trunkline.errors import ProblemDocument
from trunkline.routes.authentication import Authenticated, needs
from trunkline.routes.etags import IfMatch, etag, must_match
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.schedules import service
from trunkline.routes.schedules.schemas import ScheduleChange, ScheduleFilter, ScheduleIn, ScheduleOut, schedule_out
from trunkline.routes.session import Session
from trunkline.schedules.fire import run_now

router = APIRouter(prefix="/schedules", tags=["schedules"])

_CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"model": ProblemDocument, "description": "It was changed since you looked at it"}
}


@router.get(
    "",
    summary="List schedules",
    response_model=Page[ScheduleOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER)],
)
async def list_schedules(session: Session, params: Annotated[ScheduleFilter, Query()]) -> Response:
    """Schedules by name, each with its next occurrence and its last run."""
    return await LISTING.answer(session, select(Schedule), params, ScheduleOut, schedule_out)


@router.post("", status_code=201, summary="Create a schedule", dependencies=[needs(Role.OPERATOR)])
async def create_schedule(session: Session, caller: Authenticated, body: ScheduleIn, response: Response) -> ScheduleOut:
    """From now on the task is started at each occurrence, by one worker; what was missed is made up for once."""
    row = await service.create(session, caller, body)
    response.headers["Location"] = f"/api/v1/schedules/{row.name}"
    return _shown(row, response)


@router.get("/{name}", summary="A schedule", dependencies=[needs(Role.VIEWER)])
async def get_schedule(session: Session, name: str, response: Response) -> ScheduleOut:
    """The schedule with its next occurrence and its last run."""
    return _shown(await service.get(session, name), response)


@router.patch(
    "/{name}", summary="Change, pause or resume a schedule", responses=_CHANGED, dependencies=[needs(Role.OPERATOR)]
)
async def change_schedule(
    session: Session, name: str, body: ScheduleChange, response: Response, if_match: IfMatch = None
) -> ScheduleOut:
    """What came due while it was paused is not made up for."""
    row = await service.get(session, name, lock=True)
    must_match(if_match, schedule_out(row))
    await service.change(session, row, body)
    return _shown(row, response)


@router.delete(
    "/{name}", status_code=204, summary="Remove a schedule", responses=_CHANGED, dependencies=[needs(Role.OPERATOR)]
)
async def delete_schedule(session: Session, name: str, if_match: IfMatch = None) -> None:
    """Its runs stay."""
    row = await service.get(session, name, lock=True)
    must_match(if_match, schedule_out(row))
    await session.delete(row)


@router.post("/{name}/run", status_code=202, summary="Run a schedule now", dependencies=[needs(Role.OPERATOR)])
async def run_schedule(session: Session, caller: Authenticated, name: str, response: Response) -> RunOut:
    """The run, also of a paused schedule. Its next occurrence stays; refused while its last run goes on."""
    run = await run_now(session, await service.get(session, name, lock=True), caller.name)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


def _shown(row: Schedule, response: Response) -> ScheduleOut:
    shown = schedule_out(row)
    response.headers["ETag"] = etag(shown)
    return shown


LISTING = Listing(
    id=Schedule.id.expression,
    sorts={"name": Schedule.name.expression, "created_at": Schedule.created_at.expression},
    filters={
        "name": Schedule.name.expression,
        "task": Schedule.task.expression,
        "paused": Schedule.paused.expression,
    },
)
