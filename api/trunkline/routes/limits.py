"""What every request is held to: its size, how many a caller sends, and what browsers are told of the answer."""

import time
from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.errors import TooLarge, TooMany
from trunkline.routes.problems import respond

MOST_BYTES = 4 * 2**20
"""Of a request's body: a thousand orders, or the pools and sites of a country, take less than one MiB."""

_MOST_CALLERS = 10_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
}
# The page that shows the REST API: its scripts come from a content delivery network.
_DOCS = "/docs"
_DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https://fastapi.tiangolo.com; worker-src blob:; "
    "frame-ancestors 'none'"
)
_HSTS = "max-age=31536000"


class Rates:
    """How many requests each caller may still send: a bucket that fills up evenly within a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> None:
        """Count one request. Raises TooMany."""
        if self._per_minute == 0:
            return
        moment = time.monotonic()
        left, since = self._left.get(who, (float(self._per_minute), moment))
        left = min(self._per_minute, left + (moment - since) * self._per_minute / 60)
        if left < 1:
            raise TooMany(f"More than {self._per_minute} requests a minute: wait, or ask for less.")
        if len(self._left) >= _MOST_CALLERS:
            self._forget(moment)
        self._left[who] = (left - 1, moment)

    def _forget(self, moment: float) -> None:
        """Those whose bucket is full again; where that is not enough, all."""
        kept = {who: kept for who, kept in self._left.items() if moment - kept[1] < 60}
        self._left = kept if len(kept) < _MOST_CALLERS else {}


def install(app: FastAPI) -> None:
    """Hold every request of `app` to the limits."""
    app.add_middleware(_Limits)


class _Limits:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, begun = _Body(scope, receive), False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _add_headers(scope, message)
            await send(message)

        async def send_unless_too_large(message: Message) -> None:
            # What the application makes of a body that was cut off is not what is wrong with it.
            if begun or not body.too_large:
                await send_with_headers(message)

        if not body.too_large:
            await self._app(scope, body.receive, send_unless_too_large)
        if body.too_large and not begun:
            problem = TooLarge(f"The body is larger than {MOST_BYTES} bytes: send it in parts.")
            await respond(problem)(scope, receive, send_with_headers)


class _Body:
    """A request's body, which ends when it gets too large."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        self._receive = receive
        self._bytes = 0
        self.too_large = not announced.isdigit() or int(announced) > MOST_BYTES

    async def receive(self) -> Message:
        """The next piece; the end instead of a piece too many."""
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > MOST_BYTES:
            self.too_large = True
            return {"type": "http.disconnect"}
        return message


def _add_headers(scope: Scope, message: MutableMapping[str, Any]) -> None:
    given = {name.lower() for name, _ in message["headers"]}
    wanted = _HEADERS | ({"Content-Security-Policy": _DOCS_POLICY} if scope["path"] == _DOCS else {})
    if scope["scheme"] == "https":
        wanted |= {"Strict-Transport-Security": _HSTS}
    if scope["path"].startswith("/api/"):
        wanted |= {"Cache-Control": "no-store"}
    message["headers"] = [
        *message["headers"],
        *((name.encode(), value.encode()) for name, value in wanted.items() if name.lower().encode() not in given),
    ]
