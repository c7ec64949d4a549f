"""Errors outside of pages: an address that does not exist, or a failure of our own. A browser gets a page for them."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from trunkline.access import Caller
from trunkline.errors import Problem
from trunkline.routes.authentication import authenticate
from trunkline.web.page import error_page

_FOR_PROGRAMS = ("/api/", "/static/", "/metrics", "/openapi.json")


class _Told(Problem):
    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title = status, title


def install(app: FastAPI) -> None:
    """Every error that `app` answers with a problem document is a page to a browser, unless it asked the API."""
    for kind in (Problem, RequestValidationError, HTTPException, OperationalError, DataError, Exception):
        app.add_exception_handler(
            kind, _or_page(cast("Callable[[Request, Exception], Any]", app.exception_handlers[kind]))
        )


def _or_page(handle: Callable[[Request, Exception], Any]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        problem: Response = await handle(request, error)
        asks_for_page = "text/html" in request.headers.get("accept", "")
        if not asks_for_page or request.url.path.startswith(_FOR_PROGRAMS):
            return problem
        request.state.caller = await _caller(request)
        page = error_page(request, _said(request, error, json.loads(bytes(problem.body))))
        for name in ("Allow", "Retry-After"):
            if name in problem.headers:
                page.headers[name] = problem.headers[name]
        return page

    return answer


def _said(request: Request, error: Exception, document: Mapping[str, Any]) -> Problem:
    if isinstance(error, Problem):
        return error
    status, title, detail = int(document["status"]), str(document["title"]), str(document["detail"])
    path = request.url.path
    if status == 404:
        title = "There is no such page"
        detail = f"Nothing is at {path}: the address is mistyped, or what it led to is gone. Look for it under "
        detail += "Subscriptions or Runs."
    elif status == 405:
        title, detail = "Not possible here", f"{path} does not take {request.method} requests: begin at the dashboard."
    elif status == 500:
        title = "Something went wrong on our side"
        detail = "See whether it was done before you try again. The service's log has the cause: please report it."
    return _Told(status, title, detail)


async def _caller(request: Request) -> Caller | None:
    """Who looks, so that the page has its menu; nobody where that is what does not work."""
    try:
        return await authenticate(request, None)
    except (Problem, OperationalError):
        return None
