"""The REST API's own page: its OpenAPI document in Swagger UI."""

from fastapi import Request, Response

from trunkline.access import Role
from trunkline.routes.authentication import Where, needs
from trunkline.web.page import Visitor, page_router, show, twin

router = page_router()

_POLICY = "Content-Security-Policy"


@router.get("/docs", dependencies=[twin("/openapi.json", query=False), needs(Role.VIEWER, Where.ANYWHERE)])
async def docs(request: Request, caller: Visitor) -> Response:
    """Each operation, to read and to try."""
    answer = show(request, "docs.html", caller=caller)
    # Swagger UI's style sheet has its pictures inside.
    answer.headers[_POLICY] = answer.headers[_POLICY].replace("img-src 'self'", "img-src 'self' data:")
    return answer
