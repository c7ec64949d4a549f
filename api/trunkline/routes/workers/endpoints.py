"""Workers: who carries out the runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import Worker
from trunkline.routes.authentication import needs
from trunkline.routes.paging import Listing, Page, Partial, fields_of
from trunkline.routes.session import Session
from trunkline.routes.workers import service
from trunkline.routes.workers.schemas import WorkerFilter, WorkerOut

router = APIRouter(prefix="/workers", tags=["workers"])


@router.get(
    "",
    summary="List workers",
    response_model=Page[WorkerOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER)],  # everywhere: what they work on may be anybody's
)
async def list_workers(session: Session, request: Request, params: Annotated[WorkerFilter, Query()]) -> Response:
    """The workers of all hosts, the youngest first; one that has died is here until its runs are taken over."""
    silent_s = request.app.state.settings.lease_s
    include = fields_of(WorkerOut, params.fields)
    rows, cursor = await LISTING.page(session, select(Worker), params)
    items = [worker.model_dump(mode="json", include=include) for worker in await service.shown(session, rows, silent_s)]
    return JSONResponse({"items": items, "next": cursor})


LISTING = Listing(
    id=Worker.id.expression,
    sorts={
        "since": Worker.since.expression,
        "host": Worker.host.expression,
        "last_heartbeat": Worker.last_heartbeat.expression,
    },
    filters={"host": Worker.host.expression, "version": Worker.version.expression},
)
