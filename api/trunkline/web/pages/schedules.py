"""Schedules: tasks that the clock starts."""

import json

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from starlette.datastructures import FormData

from trunkline.access import Caller, Role
from trunkline.db.models import Schedule
from trunkline.errors import FieldError, Problem, field_errors, invalid
from trunkline.routes.authentication import needs
from trunkline.routes.schedules import service
from trunkline.routes.schedules.endpoints import LISTING, create_schedule, delete_schedule, run_schedule
from trunkline.routes.schedules.schemas import ScheduleChange, ScheduleFilter, ScheduleIn, schedule_out
from trunkline.routes.session import Session
from trunkline.runs.tasks import TASKS
from trunkline.web.page import Posted, Visitor, asked, page_router, params, see_other, show, twin

router = page_router()


@router.get("/schedules", dependencies=[twin("/api/v1/schedules"), needs(Role.VIEWER)])
async def schedules(request: Request, session: Session, caller: Visitor) -> Response:
    """The list, and a form for a new one."""
    return await _page(request, session, caller)


@router.post("/schedules", dependencies=[needs(Role.OPERATOR)])
async def create(request: Request, session: Session, caller: Visitor, form: Posted) -> Response:
    """A new schedule; what is wrong is said beside the form."""
    try:
        async with session.begin_nested():
            await create_schedule(session, caller, _given(form), Response())
    except Problem as problem:
        return await _page(request, session, caller, form, problem)
    return see_other(request, "/schedules")


@router.post("/schedules/{name}/{what}", dependencies=[needs(Role.OPERATOR)])
async def change(request: Request, session: Session, caller: Visitor, form: Posted, name: str, what: str) -> Response:
    """Pause, resume, run now, or remove."""
    if what == "run":
        run = await run_schedule(session, caller, name, Response())
        return see_other(request, f"/runs/{run.id}")
    if what == "remove":
        await delete_schedule(session, name)
    else:
        row = await service.get(session, name, lock=True)
        await service.change(session, row, ScheduleChange(paused=what == "pause"))
    return see_other(request, "/schedules")


def _given(form: FormData) -> ScheduleIn:
    text = {name: str(form.get(name, "")).strip() for name in ("name", "task", "cron", "timezone", "input")}
    try:
        values = json.loads(text.pop("input") or "{}")
    except ValueError:
        raise invalid([FieldError(field="input", message='must be JSON, such as {"product": "node-frr"}')]) from None
    try:
        return ScheduleIn.model_validate({**text, "timezone": text["timezone"] or "UTC", "input": values})
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


async def _page(
    request: Request, session: Session, caller: Caller, form: FormData | None = None, problem: Problem | None = None
) -> Response:
    filters = params(request, ScheduleFilter)
    rows, cursor = await LISTING.page(session, select(Schedule), filters)
    return show(
        request,
        "schedules.html",
        status=problem.status if problem else 200,
        caller=caller,
        items=[schedule_out(row) for row in rows],
        next=cursor,
        query=asked(request),
        tasks=list(TASKS.values()),
        given={name: str(value) for name, value in form.items()} if form else {},
        problem=problem,
    )
