"""Policies of approval: which plans wait for a person."""

from fastapi import Request, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import Policy
from trunkline.routes.authentication import Where, needs
from trunkline.routes.policies.endpoints import LISTING
from trunkline.routes.policies.schemas import PolicyFilter, PolicyOut
from trunkline.routes.session import Session
from trunkline.web.page import Visitor, asked, page_router, params, show, twin

router = page_router()


@router.get("/policies", dependencies=[twin("/api/v1/policies"), needs(Role.VIEWER, Where.ANYWHERE)])
async def policies(request: Request, session: Session, caller: Visitor) -> Response:
    """All policies, in words."""
    filters = params(request, PolicyFilter)
    rows, cursor = await LISTING.page(session, select(Policy), filters)
    items = [PolicyOut.model_validate(row) for row in rows]
    return show(request, "policies.html", caller=caller, items=items, next=cursor, query=asked(request))
