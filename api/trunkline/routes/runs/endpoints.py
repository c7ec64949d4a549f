"""Runs: look at, follow, approve, reject, cancel, retry, roll back."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.access.caller import sees_runs
from trunkline.db.models import Run, Step
from trunkline.errors import NotFound
from trunkline.routes.authentication import Authenticated, Where, needs, still_lets_in
from trunkline.routes.paging import Listing, Page, Partial, beginning
from trunkline.routes.runs import service
from trunkline.routes.runs.schemas import (
    ApproveIn,
    CancelIn,
    EventOut,
    EventPage,
    PlanOut,
    RejectIn,
    RunDetail,
    RunFilter,
    RunOut,
    StepOut,
    plan_out,
    run_out,
)
from trunkline.routes.runs.stream import events_after, stream
from trunkline.routes.session import Session

router = APIRouter(prefix="/runs", tags=["runs"])

_EVENT_STREAM = "text/event-stream"


@router.get(
    "",
    summary="List runs",
    response_model=Page[RunOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_runs(session: Session, caller: Authenticated, params: Annotated[RunFilter, Query()]) -> Response:
    """Runs, newest first."""
    return await LISTING.answer(session, wanted(caller, params), params, RunOut, run_out)


def wanted(caller: Caller, params: RunFilter) -> Select[Run]:
    """The runs that a list shows the caller, but for what `LISTING` filters by. Raises Invalid."""
    query = select(Run)
    if not caller.everywhere(Role.VIEWER):
        query = query.where(sees_runs(caller))
    return query if params.id is None else query.where(beginning(Run.id.expression, params.id))


@router.get("/{run_id}", summary="A run", dependencies=[needs(Role.VIEWER, Where.RUN)])
async def get_run(session: Session, run_id: uuid.UUID) -> RunDetail:
    """The run with its steps."""
    return await detail(session, run_id)


async def detail(session: AsyncSession, run_id: uuid.UUID) -> RunDetail:
    """The run with its steps. Raises NotFound."""
    run = await service.get(session, run_id)
    steps = await session.scalars(select(Step).where(Step.run_id == run_id).order_by(Step.id))
    return RunDetail(**dict(run_out(run)), steps=[StepOut.model_validate(step) for step in steps])


@router.get("/{run_id}/plan", summary="The plan of a run", dependencies=[needs(Role.VIEWER, Where.RUN)])
async def get_plan(session: Session, run_id: uuid.UUID) -> PlanOut:
    """NetBox operations and device diffs, as computed before anything was changed. `previous`: what was approved, when
    the plan was computed again before it was applied and had changed meanwhile.
    """
    run = await service.get(session, run_id)
    if run.plan is None:
        raise NotFound(f"Run {run_id} is {run.status} and has no plan.")
    return plan_out(run.plan, run.previous_plan)


@router.get(
    "/{run_id}/events",
    summary="The events of a run",
    response_model=EventPage,
    responses={200: {"content": {_EVENT_STREAM: {"schema": {"type": "string"}}}}},
    dependencies=[needs(Role.VIEWER, Where.RUN)],
)
async def get_events(
    session: Session,
    request: Request,
    run_id: uuid.UUID,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Only events with higher ids")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**63 - 1)] = None,
) -> Response | EventPage:
    """A page; or with `Accept: text/event-stream` all of them as they happen (`Last-Event-ID` resumes)."""
    await service.get(session, run_id)
    if _EVENT_STREAM in request.headers.get("accept", ""):
        state = request.app.state
        since = last_event_id if last_event_id is not None else after
        body = stream(state.sessions, state.hub, run_id, since, lambda: still_lets_in(request))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(body, media_type=_EVENT_STREAM, headers=headers)
    found = await events_after(session, run_id, after, limit)
    return EventPage(
        items=[EventOut.model_validate(event) for event in found],
        next_after=found[-1].id if len(found) == limit else None,
    )


@router.post(
    "/{run_id}/approve", status_code=202, summary="Approve the plan", dependencies=[needs(Role.APPROVER, Where.RUN)]
)
async def approve(
    session: Session, caller: Authenticated, request: Request, run_id: uuid.UUID, body: ApproveIn | None = None
) -> RunOut:
    """The plan is computed once more, and applied if it is still the same; otherwise the run waits for approval again,
    and `runs/{id}/plan` has both plans. With TRUNKLINE_FOUR_EYES who ordered it may not approve it.
    """
    digest, four_eyes = body.digest if body else None, request.app.state.settings.four_eyes
    return run_out(await service.approve(session, caller, run_id, digest, four_eyes=four_eyes))


@router.post(
    "/{run_id}/reject", status_code=202, summary="Reject the plan", dependencies=[needs(Role.APPROVER, Where.RUN)]
)
async def reject(session: Session, caller: Authenticated, run_id: uuid.UUID, body: RejectIn) -> RunOut:
    """The run ends as cancelled, with the reason; nothing was changed."""
    return run_out(await service.reject(session, caller, run_id, body.reason))


@router.post(
    "/{run_id}/cancel", status_code=202, summary="Cancel a run", dependencies=[needs(Role.OPERATOR, Where.RUN)]
)
async def cancel(session: Session, caller: Authenticated, run_id: uuid.UUID, body: CancelIn | None = None) -> RunOut:
    """Stops the playbook; what was applied is rolled back. A run that is cancelled while it is rolling back stops
    half-way and ends as failed, and a held one as it is: the subscription is out of sync then, until the run is rolled
    back or retried, or the subscription resynced or terminated.
    """
    return run_out(await service.cancel(session, caller, run_id, body.reason if body else None))


@router.post("/{run_id}/retry", status_code=202, summary="Retry a run", dependencies=[needs(Role.OPERATOR, Where.RUN)])
async def retry(session: Session, caller: Authenticated, run_id: uuid.UUID, response: Response) -> RunOut:
    """A new run for what a failed, rolled back or cancelled one was to do. A held run applies again itself."""
    run = await service.retry(session, caller, run_id)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


@router.post(
    "/{run_id}/rollback",
    status_code=202,
    summary="Go back to before a run",
    dependencies=[needs(Role.OPERATOR, Where.RUN)],
)
async def roll_back(session: Session, caller: Authenticated, run_id: uuid.UUID, response: Response) -> RunOut:
    """Of a held run: take back what was done. Of a failed run: try its rollback again. Of a completed modify: a new run
    with the previous values. Of a completed task adopt: end its subscriptions, and take its marks from NetBox.
    """
    run = await service.roll_back(session, caller, run_id)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


LISTING = Listing(
    id=Run.id.expression,
    sorts={
        "created_at": Run.created_at.expression,
        "status": Run.status.expression,
        "target": Run.target.expression,
        "title": Run.title.expression,
    },
    filters={
        "status": Run.status.expression,
        "target": Run.target.expression,
        "subscription": Run.subscription_id.expression,
        "created_by": Run.created_by.expression,
        "parent": Run.parent_id.expression,
        "task": Run.task.expression,
    },
)
