"""Every error as a problem document (RFC 9457)."""

from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from trunkline.errors import Invalid, Problem, Unauthorized, Unavailable, field_errors, invalid

MEDIA_TYPE = "application/problem+json"


class _Plain(Problem):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.slug, self.title = status, "http", detail


def _response(problem: Problem) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(problem, Unauthorized) else None
    return JSONResponse(problem.document(), problem.status, media_type=MEDIA_TYPE, headers=headers)


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    return _response(cast("Problem", error))


async def _on_request_validation(_: Request, error: Exception) -> JSONResponse:
    return _response(invalid(field_errors(cast("RequestValidationError", error).errors())))


async def _on_http(_: Request, error: Exception) -> JSONResponse:
    http = cast("HTTPException", error)
    response = _response(_Plain(http.status_code, str(http.detail)))
    # A 405 tells the methods that there are (RFC 9110, 15.5.6).
    response.headers.update(http.headers or {})
    return response


async def _on_database(_: Request, _error: Exception) -> JSONResponse:
    return _response(
        Unavailable(
            "The database does not answer. Check that PostgreSQL at TRUNKLINE_DATABASE_URL runs, then try again."
        )
    )


async def _on_data(_: Request, _error: Exception) -> JSONResponse:
    return _response(Invalid("A value cannot be stored: leave out NUL characters and keep numbers in their range."))


async def _on_anything(_: Request, _error: Exception) -> JSONResponse:
    return _response(_Plain(500, "Internal error"))


def install(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_request_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OperationalError, _on_database)
    app.add_exception_handler(DataError, _on_data)
    app.add_exception_handler(Exception, _on_anything)
