"""The map."""

from fastapi import Request, Response

from trunkline.access import Role
from trunkline.routes.authentication import Where, needs
from trunkline.routes.session import Session
from trunkline.routes.topology.service import topology
from trunkline.web.page import Visitor, page_router, show, twin

router = page_router()


@router.get("/map", dependencies=[twin("/api/v1/topology"), needs(Role.VIEWER, Where.ANYWHERE)])
async def topology_map(request: Request, session: Session, caller: Visitor) -> Response:
    """The map, and the same as two tables. What is drawn is read from the API's topology."""
    return show(request, "map.html", caller=caller, topology=await topology(session, caller))
