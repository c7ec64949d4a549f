"""The audit trail."""

from fastapi import Request, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import AuditEntry
from trunkline.routes.audit.endpoints import LISTING, between
from trunkline.routes.audit.schemas import AuditFilter, AuditOut
from trunkline.routes.authentication import needs
from trunkline.routes.session import Session
from trunkline.web.page import Visitor, asked, page_router, params, show, twin

router = page_router()


@router.get("/audit", dependencies=[twin("/api/v1/audit"), needs(Role.ADMIN)])
async def audit(request: Request, session: Session, caller: Visitor) -> Response:
    """Who did what, newest first."""
    filters = params(request, AuditFilter)
    rows, cursor = await LISTING.page(session, between(select(AuditEntry), filters.since, filters.until), filters)
    return show(
        request,
        "audit.html",
        caller=caller,
        items=[AuditOut.model_validate(row) for row in rows],
        next=cursor,
        filters=filters,
        query=asked(request),
        narrowed=bool(asked(request).keys() - {"sort", "limit", "cursor"}),
    )
