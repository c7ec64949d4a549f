"""Runs, newest first."""

from fastapi import Request, Response

from trunkline.access import Role
from trunkline.db.models import RunStatus, RunTarget
from trunkline.routes.authentication import Where, needs
from trunkline.routes.runs.endpoints import LISTING, wanted
from trunkline.routes.runs.schemas import RunFilter, run_out
from trunkline.routes.session import Session
from trunkline.web.page import Visitor, asked, page_router, params, show, twin

router = page_router()


@router.get("/runs", dependencies=[twin("/api/v1/runs"), needs(Role.VIEWER, Where.ANYWHERE)])
async def runs(request: Request, session: Session, caller: Visitor) -> Response:
    """One page of the list."""
    filters = params(request, RunFilter)
    rows, cursor = await LISTING.page(session, wanted(caller, filters), filters)
    return show(
        request,
        "runs.html",
        caller=caller,
        items=[run_out(run) for run in rows],
        next=cursor,
        filters=filters,
        query=asked(request),
        statuses=list(RunStatus),
        targets=list(RunTarget),
        narrowed=bool(asked(request).keys() - {"sort", "limit", "cursor"}),
    )
