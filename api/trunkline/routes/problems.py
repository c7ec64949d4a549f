"""Every error as a problem document (RFC 9457)."""

import re
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from trunkline.access.audit import record
from trunkline.errors import (
    FieldError,
    Forbidden,
    Invalid,
    Problem,
    TooMany,
    Unauthorized,
    Unavailable,
    field_errors,
    invalid,
)
from trunkline.routes.session import address_of, network_of

if TYPE_CHECKING:
    from trunkline.access import Caller
    from trunkline.db.models import JsonObject

MEDIA_TYPE = "application/problem+json"


class _Plain(Problem):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.slug, self.title = status, "http", detail


def respond(problem: Problem) -> JSONResponse:
    """The problem as an answer."""
    headers = None
    if isinstance(problem, Unauthorized):
        headers = {"WWW-Authenticate": "Bearer"}
    elif isinstance(problem, TooMany):
        headers = {"Retry-After": "1"}
    return JSONResponse(problem.document(), problem.status, media_type=MEDIA_TYPE, headers=headers)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    problem = cast("Problem", error)
    if isinstance(problem, Forbidden):
        await record_refusal(request, problem)
    if isinstance(problem, Unauthorized):
        try:
            await request.app.state.failures.take(network_of(request))
        except Problem as other:
            return respond(other)
        except OperationalError as away:
            return await _on_database(request, away)
    return respond(problem)


async def record_refusal(request: Request, refusal: Forbidden) -> None:
    """Who was refused what is on record: it shows who tries doors."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        return
    after: JsonObject = {"method": request.method, "detail": refusal.detail}
    async with request.app.state.sessions.begin() as session:
        await record(session, caller, address_of(request), "refused", "request", request.url.path, after)


async def _on_request_validation(_: Request, error: Exception) -> JSONResponse:
    return respond(invalid(field_errors(cast("RequestValidationError", error).errors())))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    http = cast("HTTPException", error)
    if http.status_code == 400:
        # FastAPI's word for a body that is not even text.
        return respond(invalid([FieldError(field="body", message="is not JSON in UTF-8")]))
    response = respond(_Plain(http.status_code, str(http.detail)))
    if http.status_code == 405:
        # It tells all methods that there are (RFC 9110, 15.5.6); the router knows those of one route.
        response.headers["Allow"] = ", ".join(methods_of(request.app, request.url.path))
    return response


async def _on_database(_: Request, _error: Exception) -> JSONResponse:
    return respond(
        Unavailable(
            "The database does not answer. Check that PostgreSQL at TRUNKLINE_DATABASE_URL runs, then try again."
        )
    )


async def _on_data(_: Request, _error: Exception) -> JSONResponse:
    return respond(Invalid("A value cannot be stored: leave out NUL characters and keep numbers in their range."))


async def _on_unexpected(_: Request, _error: Exception) -> JSONResponse:
    return respond(_Plain(500, "Internal error"))


def methods_of(app: FastAPI, path: str) -> list[str]:
    """The methods that the OpenAPI document has for a path; of several that fit the one with the fewest variables."""
    paths: dict[str, dict[str, object]] = app.openapi()["paths"]
    fitting = [
        template for template in paths if re.fullmatch(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)), path)
    ]
    return sorted(method.upper() for method in paths[min(fitting, key=lambda item: item.count("{"))]) if fitting else []


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_request_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OperationalError, _on_database)
    app.add_exception_handler(DataError, _on_data)
    app.add_exception_handler(Exception, _on_unexpected)
