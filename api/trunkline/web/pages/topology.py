"""The map."""

from fastapi import Request, Response

from trunkline.routes.session import Session
from trunkline.routes.topology.service import topology
from trunkline.web.page import Visitor, page_router, show, twin

router = page_router()


@router.get("/map", dependencies=[twin("/api/v1/topology")])
async def topology_map(request: Request, session: Session, visit: Visitor) -> Response:
    """The map, and the same as two tables. What is drawn is read from the API's topology."""
    return show(request, "map.html", visit=visit, topology=await topology(session))
