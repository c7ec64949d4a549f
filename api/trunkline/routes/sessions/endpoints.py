"""The session of a browser: log in, who am I, log out."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from trunkline.access import Caller, Role
from trunkline.access.sessions import COOKIE, close_session, log_in_with_token
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.session import Session, address_of
from trunkline.routes.sessions.cookies import is_https, set_cookie
from trunkline.routes.sessions.oidc import router as oidc

if TYPE_CHECKING:
    from trunkline.settings import Settings

router = APIRouter(prefix="/session", tags=["session"])
log_in = APIRouter(prefix="/session", tags=["session"])
log_in.include_router(oidc)


class LogIn(BaseModel):
    """What opens a session."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"token": "tl_1f2e3d4c_SECRET"}]})

    token: str = Field(max_length=200, description="An API token; the session ends with it")


class SessionOut(BaseModel):
    """Who the caller is. `csrf` goes back as X-CSRF-Token, or as field csrf_token of a form, with every change."""

    name: str
    scopes: list[str]
    csrf: str | None = Field(description="Null for a caller with a bearer token, who needs none")
    ends_at: datetime | None


@log_in.post("", status_code=201, summary="Log in")
async def post_session(session: Session, request: Request, response: Response, body: LogIn) -> SessionOut:
    """Needs no token but the one in the body. Sets the cookie."""
    settings: Settings = request.app.state.settings
    opened = await log_in_with_token(session, body.token, timedelta(hours=settings.session_hours), address_of(request))
    set_cookie(request, response, opened)
    return _shown(opened.caller)


@router.get("", summary="Who am I", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def get_session(caller: Authenticated) -> SessionOut:
    """The caller, of a session or of a bearer token."""
    return _shown(caller)


@router.delete("", status_code=204, summary="Log out", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def delete_session(session: Session, request: Request, response: Response) -> None:
    """The cookie opens nothing any more. Of a bearer token nothing changes."""
    await end(session, request, response)


async def end(session: Session, request: Request, response: Response) -> None:
    """Close the session of the request's cookie, and take the cookie back."""
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await close_session(session, cookie)
        await session.commit()
        request.app.state.callers.forget()
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=is_https(request))


def _shown(caller: Caller) -> SessionOut:
    scopes = [str(scope) for scope in caller.scopes]
    return SessionOut(name=caller.name, scopes=scopes, csrf=caller.csrf, ends_at=caller.ends_at)
