"""Workers: the processes that carry out the runs."""

from fastapi import Request, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import Worker
from trunkline.routes.authentication import needs
from trunkline.routes.session import Session
from trunkline.routes.workers import service
from trunkline.routes.workers.endpoints import LISTING
from trunkline.routes.workers.schemas import WorkerFilter
from trunkline.web.page import Visitor, asked, page_router, params, show, twin

router = page_router()


@router.get("/workers", dependencies=[twin("/api/v1/workers"), needs(Role.VIEWER)])
async def workers(request: Request, session: Session, caller: Visitor) -> Response:
    """Each with its state and what it works on."""
    filters = params(request, WorkerFilter)
    rows, cursor = await LISTING.page(session, select(Worker), filters)
    items = await service.shown(session, rows, request.app.state.settings.lease_s)
    return show(request, "workers.html", caller=caller, items=items, next=cursor, query=asked(request))
