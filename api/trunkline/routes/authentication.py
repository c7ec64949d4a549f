"""Who sent a request, and what each endpoint needs them to be."""

import enum
import hmac
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.access.reach import of_run, of_subscription
from trunkline.access.sessions import COOKIE, find_session
from trunkline.access.tokens import PREFIX, REMEDY, find_caller
from trunkline.errors import Forbidden, NotFound, Unauthorized

if TYPE_CHECKING:
    from trunkline.access.callers import Callers
    from trunkline.access.oidc import Provider

type LookUp = Callable[[str], Awaitable[Caller]]

_SAFE = ("GET", "HEAD", "OPTIONS")
_CSRF_HEADER = "X-CSRF-Token"
_CSRF_FIELD = "csrf_token"
_FORM = "application/x-www-form-urlencoded"
_bearer = HTTPBearer(auto_error=False, description="A token made by `trunkline tokens create NAME`")


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """The caller of the request: the holder of a bearer token, else of a session.

    Raises Unauthorized, Forbidden, TooMany.
    """
    caller = await _authenticated(request, credentials)
    await request.app.state.rates.take(caller.name)
    request.state.caller, request.state.credentials = caller, credentials
    return caller


async def still_lets_in(request: Request) -> bool:
    """Whether what let this request in would do so now: asked again and again by answers that go on for long."""
    try:
        await _authenticated(request, request.state.credentials)
    except Unauthorized:
        return False
    return True


async def _authenticated(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    cookie = request.cookies.get(COOKIE)
    if credentials is not None:
        provider: Provider | None = request.app.state.oidc
        token = credentials.credentials
        look_up = _in_database(request, find_caller)
        if provider is not None and not token.startswith(PREFIX):
            look_up = provider.caller
        caller = await _find(request, token, look_up)
    elif cookie:
        caller = await _find(request, cookie, _in_database(request, find_session))
        await _must_be_our_page(request, caller)
    else:
        raise Unauthorized(f"The request has no token. {REMEDY}")
    return caller


Authenticated = Annotated[Caller, Depends(authenticate)]


class Where(enum.StrEnum):
    """For what a caller must have the role that an endpoint needs."""

    EVERYWHERE = "everywhere"
    SUBSCRIPTION = "subscription"  # that `subscription_id` in the path names
    RUN = "run"  # that `run_id` in the path names
    ANYWHERE = "anywhere"  # the endpoint itself looks: caller.must(), sees()


@dataclass(frozen=True)
class Needed:
    """What an endpoint needs its caller to be."""

    role: Role
    where: Where

    async def __call__(self, request: Request, caller: Authenticated) -> None:
        """Raises Forbidden, or NotFound for what the caller may not even look at."""
        if caller.everywhere(self.role):
            return
        if not caller.anywhere(self.role):
            raise caller.refusal(self.role, "")
        if self.where is Where.EVERYWHERE:
            raise caller.refusal(self.role, "without a limit")
        if self.where is not Where.ANYWHERE:
            await self._must_reach(request, caller)

    async def _must_reach(self, request: Request, caller: Caller) -> None:
        name, find = _OF[self.where]
        try:
            named = uuid.UUID(str(request.path_params[name]))
        except ValueError:
            return  # the endpoint refuses what is no id
        async with request.app.state.sessions() as session:
            owned = await find(session, named)
        if not owned or not all(caller.may(Role.VIEWER, *each) for each in owned):
            raise NotFound(f"There is no {self.where} {named} that {caller.name} may look at.")
        for each in owned:
            caller.must(self.role, *each)


_OF = {Where.SUBSCRIPTION: ("subscription_id", of_subscription), Where.RUN: ("run_id", of_run)}


def needs(role: Role, where: Where = Where.EVERYWHERE) -> Any:  # noqa: ANN401 (as FastAPI's Depends)
    """The declaration that every endpoint carries: `dependencies=[needs(Role.OPERATOR)]`."""
    return Depends(Needed(role, where))


def needed_by(route: APIRoute) -> Needed | None:
    """What a route declares."""
    found = [item.dependency for item in route.dependencies if isinstance(item.dependency, Needed)]
    return found[-1] if found else None


async def deny_undeclared(request: Request, caller: Authenticated) -> None:
    """An endpoint that does not say what it needs is for admins. Raises Forbidden."""
    route = request.scope.get("route")
    if (not isinstance(route, APIRoute) or needed_by(route) is None) and not caller.everywhere(Role.ADMIN):
        raise caller.refusal(Role.ADMIN, "because the endpoint declares nothing")


def _in_database(request: Request, find: Callable[[AsyncSession, str], Awaitable[Caller]]) -> LookUp:
    async def look_up(secret: str) -> Caller:
        async with request.app.state.sessions() as session:
            return await find(session, secret)

    return look_up


async def _find(request: Request, secret: str, look_up: LookUp) -> Caller:
    callers: Callers = request.app.state.callers
    caller = callers.find(secret)
    if caller is None:
        told = callers.told
        caller = await look_up(secret)
        callers.keep(secret, caller, told)
    return caller


async def _must_be_our_page(request: Request, caller: Caller) -> None:
    """A browser sends its cookie with every request, also with one that another site made it send."""
    if request.method in _SAFE or caller.csrf is None:
        return
    given = request.headers.get(_CSRF_HEADER)
    if given is None and request.headers.get("Content-Type", "").partition(";")[0] == _FORM:
        given = dict(parse_qsl((await request.body()).decode(errors="replace"))).get(_CSRF_FIELD)
    if given is None or not hmac.compare_digest(given.encode(), caller.csrf.encode()):
        raise Forbidden(f"Send the session's CSRF token (GET /api/v1/session tells it) as {_CSRF_HEADER}.")
