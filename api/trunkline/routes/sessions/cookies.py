"""How the session's cookie is handed over."""

from typing import TYPE_CHECKING

from fastapi import Request, Response

from trunkline.access.sessions import COOKIE, NewSession

if TYPE_CHECKING:
    from trunkline.settings import Settings


def set_cookie(request: Request, response: Response, opened: NewSession) -> None:
    """Hand the session's cookie to the browser."""
    response.set_cookie(
        COOKIE, opened.cookie, expires=opened.expires_at, httponly=True, samesite="lax", secure=is_https(request)
    )


def is_https(request: Request) -> bool:
    """Whether browsers reach the service through https."""
    return base_url(request).startswith("https://")


def base_url(request: Request) -> str:
    """Where browsers reach the service, without a slash at the end."""
    settings: Settings = request.app.state.settings
    return (settings.public_url or str(request.base_url)).rstrip("/")
