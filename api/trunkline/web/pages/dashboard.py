"""The first page: what is under way, what waits, what is wrong."""

from fastapi import Request, Response

from trunkline.access import Role
from trunkline.routes.authentication import Where, needs
from trunkline.routes.overview.endpoints import get_overview
from trunkline.routes.session import Session
from trunkline.routes.tasks.endpoints import start_task
from trunkline.web.page import Posted, Visitor, page_router, see_other, show, show_part, twin

router = page_router()


@router.get("/", dependencies=[twin("/api/v1/overview"), needs(Role.VIEWER, Where.ANYWHERE)])
async def dashboard(request: Request, session: Session, caller: Visitor) -> Response:
    """The whole page."""
    overview = await get_overview(session, caller, request)
    return show(request, "dashboard.html", caller=caller, overview=overview)


@router.get("/parts/dashboard", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def dashboard_part(request: Request, session: Session, caller: Visitor) -> Response:
    """What of it changes by itself."""
    overview = await get_overview(session, caller, request)
    return show_part(request, "parts/dashboard.html", caller=caller, overview=overview)


@router.post("/tasks/validate-all", dependencies=[needs(Role.OPERATOR)])
async def validate_all(request: Request, session: Session, caller: Visitor, form: Posted) -> Response:
    """Look for drift of everything that is in service."""
    run = await start_task(session, caller, "validate-all", Response())
    return see_other(request, f"/runs/{run.id}")
