"""Who sent a request."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from trunkline.auth import REMEDY, Caller, Callers, find_caller
from trunkline.errors import Unauthorized
from trunkline.sessions import COOKIE, Sessions

_bearer = HTTPBearer(auto_error=False, description="A token made by `trunkline tokens create NAME`")
_ONLY_READS = ("GET", "HEAD")


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """The caller of the request. Raises Unauthorized."""
    if credentials is not None:
        return await caller_with(request, credentials.credentials)
    # A page's own requests have no token. They only read: another site cannot change anything with the cookie.
    sessions: Sessions = request.app.state.web_sessions
    opened = sessions.find(request.cookies.get(COOKIE))
    if opened is None or request.method not in _ONLY_READS:
        raise Unauthorized(f"The request has no token. {REMEDY}")
    return await caller_with(request, opened.token)


async def caller_with(request: Request, token: str) -> Caller:
    """Whose token it is. Raises Unauthorized."""
    callers: Callers = request.app.state.callers
    caller = callers.find(token)
    if caller is None:
        told = callers.told
        async with request.app.state.sessions() as session:
            caller = await find_caller(session, token)
        callers.keep(token, caller, told)
    return caller


Authenticated = Annotated[Caller, Depends(authenticate)]
