"""Errors outside of pages: an address that does not exist, or a failure of our own. A browser gets a page for them."""

from collections.abc import Awaitable, Callable
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


class _NoPage(Problem):
    status, slug, title = 404, "not-found", "There is no such page"


class _NotTaken(Problem):
    status, slug, title = 405, "http", "Not possible here"


class _OurFault(Problem):
    status, slug, title = 500, "internal", "Something went wrong on our side"


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
        page = error_page(request, _said(request, error, problem.status_code))
        for name in ("Allow", "Retry-After"):
            if name in problem.headers:
                page.headers[name] = problem.headers[name]
        return page

    return answer


def _said(request: Request, error: Exception, status: int) -> Problem:
    if isinstance(error, Problem):
        return error
    if status == 404:
        return _NoPage(
            f"Nothing is at {request.url.path}: the address is mistyped, or what it led to is gone. Look for it under "
            "Subscriptions or Runs."
        )
    if isinstance(error, HTTPException):
        return _NotTaken(f"{request.url.path} does not take {request.method} requests: begin at the dashboard.")
    return _OurFault(
        "Nothing was changed by this request. Try again; if it happens again, the service's log has the cause, at the "
        "time of this answer: please report it."
    )


async def _caller(request: Request) -> Caller | None:
    """Who looks, so that the page has its menu; nobody where that is what does not work."""
    try:
        return await authenticate(request, None)
    except (Problem, OperationalError):
        return None
