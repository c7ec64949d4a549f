"""Log in with a token, and out again."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request, Response

from trunkline.access.sessions import log_in_with_token
from trunkline.errors import Unauthorized
from trunkline.routes.session import Session, address_of, network_of
from trunkline.routes.sessions.cookies import set_cookie
from trunkline.routes.sessions.endpoints import end
from trunkline.web.page import Posted, Visitor, local, page_router, see_other, show

router = page_router()


@router.get("/login")
async def log_in_form(request: Request, next: str = "/") -> Response:  # noqa: A002 (the word of the address)
    """The form."""
    return _form(request, local(next))


@router.post("/login")
async def log_in(
    request: Request,
    session: Session,
    token: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """A session for who has a token."""
    lasts = timedelta(hours=request.app.state.settings.session_hours)
    try:
        opened = await log_in_with_token(session, token, lasts, address_of(request))
    except Unauthorized as problem:
        await request.app.state.failures.take(network_of(request))
        return _form(request, local(next), problem)
    answer = see_other(request, local(next))
    set_cookie(request, answer, opened)
    return answer


@router.post("/logout")
async def log_out(request: Request, session: Session, caller: Visitor, form: Posted) -> Response:
    """The session is over."""
    answer = see_other(request, "/login")
    await end(session, request, answer)
    return answer


def _form(request: Request, to: str, problem: Unauthorized | None = None) -> Response:
    oidc = f"/api/v1/session/oidc?to={quote(to)}" if request.app.state.oidc else None
    error = problem.detail if problem else None
    return show(request, "log_in.html", status=problem.status if problem else 200, next=to, error=error, oidc=oidc)
