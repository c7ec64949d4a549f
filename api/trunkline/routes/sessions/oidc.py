"""Log in with OpenID Connect: to the provider and back."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from trunkline.access.sessions import open_session
from trunkline.errors import NotFound, Unauthorized
from trunkline.routes.session import Session, address_of
from trunkline.routes.sessions.cookies import base_url, is_https, set_cookie

if TYPE_CHECKING:
    from trunkline.access.oidc import Provider

router = APIRouter(prefix="/oidc")

_CALLBACK = "/api/v1/session/oidc/callback"
_Text = Annotated[str, Query(max_length=4000)]


@router.get("", summary="Log in with OpenID Connect", status_code=303, response_class=RedirectResponse)
async def begin(request: Request, to: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Sends the browser to the provider, and from there to the page `to` of ours. Needs no token."""
    provider = _provider(request)
    from trunkline.access import oidc_log_in  # noqa: PLC0415 (loaded where it is needed: most do without it)

    attempt = oidc_log_in.Attempt.new(to)
    answer = RedirectResponse(await oidc_log_in.begin(provider, attempt, base_url(request) + _CALLBACK), 303)
    answer.set_cookie(
        oidc_log_in.COOKIE,
        attempt.cookie,
        max_age=oidc_log_in.LASTS_S,
        path=_CALLBACK,
        httponly=True,
        samesite="lax",
        secure=is_https(request),
    )
    return answer


@router.get("/callback", summary="Back from the provider", status_code=303, response_class=RedirectResponse)
async def end(session: Session, request: Request, state: _Text = "", code: _Text = "", error: _Text = "") -> Response:
    """The provider sends the browser here. Sets the session's cookie. Needs no token."""
    provider = _provider(request)
    from trunkline.access import oidc_log_in  # noqa: PLC0415

    attempt = oidc_log_in.Attempt.of_cookie(request.cookies.get(oidc_log_in.COOKIE, ""))
    if error or not code:
        raise Unauthorized(f"The OpenID provider refused: {error[:100] or 'it sent no code'}.")
    caller = await oidc_log_in.finish(provider, attempt, code, state, base_url(request) + _CALLBACK)
    lasts = timedelta(hours=request.app.state.settings.session_hours)
    scopes = [str(scope) for scope in caller.scopes]
    answer = RedirectResponse(attempt.to, 303)
    set_cookie(request, answer, await open_session(session, caller.name, scopes, lasts, address_of(request)))
    answer.delete_cookie(oidc_log_in.COOKIE, path=_CALLBACK)
    return answer


def _provider(request: Request) -> "Provider":
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        raise NotFound("There is no OpenID provider: set TRUNKLINE_OIDC_ISSUER, or log in with a token.")
    return provider
