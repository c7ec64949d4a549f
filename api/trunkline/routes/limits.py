"""What every request is held to: its size, and what browsers are told of each answer."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.errors import TooLarge
from trunkline.routes.problems import respond

MOST_BYTES = 4 * 2**20
"""Of a request's body: a thousand orders, or the pools and sites of a country, take less than one MiB."""

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
_HSTS = "max-age=31536000"


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
            try:
                await self._app(scope, body.receive, send_unless_too_large)
            except Exception as error:
                if not begun:  # else answered by what lies outside of this, which knows no headers
                    handle = scope["app"].exception_handlers[Exception]
                    await (await handle(Request(scope), error))(scope, receive, send_with_headers)
                raise
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
    wanted = dict(_HEADERS)
    if scope["scheme"] == "https":
        wanted |= {"Strict-Transport-Security": _HSTS}
    if scope["path"].startswith("/api/"):
        wanted |= {"Cache-Control": "no-store"}
    message["headers"] = [
        *message["headers"],
        *((name.encode(), value.encode()) for name, value in wanted.items() if name.lower().encode() not in given),
    ]
