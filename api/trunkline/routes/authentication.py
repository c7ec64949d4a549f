"""Who sent a request."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from trunkline.auth import REMEDY, Caller, Callers, find_caller
from trunkline.errors import Unauthorized

_bearer = HTTPBearer(auto_error=False, description="A token made by `trunkline tokens create NAME`")


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """The caller of the request. Raises Unauthorized."""
    if credentials is None:
        raise Unauthorized(f"The request has no token. {REMEDY}")
    callers: Callers = request.app.state.callers
    caller = callers.find(credentials.credentials)
    if caller is None:
        told = callers.told
        async with request.app.state.sessions() as session:
            caller = await find_caller(session, credentials.credentials)
        callers.keep(credentials.credentials, caller, told)
    return caller


Authenticated = Annotated[Caller, Depends(authenticate)]
