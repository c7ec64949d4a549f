"""Workers: who carries out the runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func, select, text

from trunkline.access import Role
from trunkline.db.models import Worker, WorkerState
from trunkline.routes.authentication import needs
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Session
from trunkline.routes.workers.schemas import WorkerFilter, WorkerOut

router = APIRouter(prefix="/workers", tags=["workers"])

_RUNS = text(
    "SELECT worker_id, array_agg(args ->> 'run_id' ORDER BY id) AS runs FROM procrastinate_jobs "
    "WHERE status = 'doing' AND worker_id IS NOT NULL AND args ->> 'run_id' IS NOT NULL GROUP BY worker_id"
)


@router.get(
    "",
    summary="List workers",
    response_model=Page[WorkerOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER)],  # everywhere: what they work on may be anybody's
)
async def list_workers(session: Session, request: Request, params: Annotated[WorkerFilter, Query()]) -> Response:
    """The workers of all hosts, the youngest first; one that has died is here until its runs are taken over."""
    runs = {row.worker_id: row.runs for row in await session.execute(_RUNS)}
    moment = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    silent_s = request.app.state.settings.lease_s

    def show(row: Worker) -> WorkerOut:
        is_silent = (moment - row.last_heartbeat).total_seconds() > silent_s
        names = ("id", "host", "pid", "version", "revision", "concurrency", "since", "last_heartbeat")
        state = WorkerState.SILENT if is_silent else row.state
        return WorkerOut(state=state, runs=runs.get(row.id, []), **{name: getattr(row, name) for name in names})

    return await _LISTING.answer(session, select(Worker), params, WorkerOut, show)


_LISTING = Listing(
    id=Worker.id.expression,
    sorts={
        "since": Worker.since.expression,
        "host": Worker.host.expression,
        "last_heartbeat": Worker.last_heartbeat.expression,
    },
    filters={"host": Worker.host.expression, "version": Worker.version.expression},
)
