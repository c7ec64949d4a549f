"""The topology: nodes, and what joins them."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from trunkline.access import Role
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.etags import etag
from trunkline.routes.session import Session
from trunkline.routes.topology import service
from trunkline.routes.topology.schemas import Topology

router = APIRouter(prefix="/topology", tags=["topology"])


@router.get(
    "", summary="Nodes and what joins them", response_model=Topology, dependencies=[needs(Role.VIEWER, Where.ANYWHERE)]
)
async def get_topology(
    session: Session,
    caller: Authenticated,
    if_none_match: Annotated[
        str | None, Header(max_length=200, description="304 while the answer is still that")
    ] = None,
) -> Response:
    """All that is ordered and not terminated with its state, and circuits that are being planned."""
    found = await service.topology(session, caller)
    headers = {"ETag": etag(found), "Cache-Control": "private, no-cache"}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.model_dump_json(), media_type="application/json", headers=headers)
