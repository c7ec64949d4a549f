"""Log in with a token, and out again."""

from typing import Annotated

from fastapi import Form, Request, Response

from trunkline.errors import Unauthorized
from trunkline.routes.authentication import caller_with
from trunkline.sessions import COOKIE, Sessions
from trunkline.web.page import Posted, Visitor, local, page_router, see_other, show

router = page_router()


@router.get("/login")
async def log_in_form(request: Request, next: str = "/") -> Response:  # noqa: A002 (the word of the address)
    """The form."""
    return show(request, "log_in.html", next=local(next), error=None)


@router.post("/login")
async def log_in(
    request: Request,
    token: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002
) -> Response:
    """A session for who has a token."""
    token = token.strip()
    try:
        await caller_with(request, token)
    except Unauthorized as problem:
        return show(request, "log_in.html", status=401, next=local(next), error=problem.detail)
    sessions: Sessions = request.app.state.web_sessions
    answer = see_other(request, local(next))
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, sessions.open(token).id, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


@router.post("/logout")
async def log_out(request: Request, visit: Visitor, form: Posted) -> Response:
    """The session is over."""
    sessions: Sessions = request.app.state.web_sessions
    sessions.close(visit.session.id)
    answer = see_other(request, "/login")
    answer.delete_cookie(COOKIE, path="/")
    return answer
