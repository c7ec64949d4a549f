"""What all pages share: who looks, what they are sent, and how an error is shown."""

import gzip
import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from starlette.datastructures import FormData

from trunkline.access import Caller
from trunkline.errors import Forbidden, Problem, Unauthorized, Unavailable, field_errors, invalid
from trunkline.routes.authentication import Authenticated
from trunkline.routes.problems import record_refusal, respond
from trunkline.web.rendering import templates

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding, Cookie",
}
_WORTH_COMPRESSING = 1000
_ONLY_HERE = re.compile(r"/(?![/\\])[^\s\\]*\Z")


class Elsewhere(Exception):  # noqa: N818 (no error: the answer is at another address)
    """The answer is at `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class _PageRoute(APIRoute):
    """A route whose errors are pages, and whose JSON is the API's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except Elsewhere as other:
                return see_other(request, other.url)
            except Problem as problem:
                return await _refused(request, problem)
            except RequestValidationError as error:
                return error_page(request, invalid(field_errors(error.errors())))
            except OperationalError:
                return error_page(request, Unavailable("The database does not answer. Check that PostgreSQL runs."))

        return shown


async def _refused(request: Request, problem: Problem) -> Response:
    if isinstance(problem, Unauthorized) and not _only_json(request):
        return see_other(request, f"/login?next={quote(_here(request))}")
    if isinstance(problem, Forbidden):
        await record_refusal(request, problem)
    return error_page(request, problem)


def page_router() -> APIRouter:
    """A router for pages."""
    return APIRouter(route_class=_PageRoute)


Visitor = Authenticated
"""Who looks, by the session's cookie; who has none is led to the log-in page."""


async def posted(request: Request, _: Visitor) -> FormData:
    """The fields of a form; that it is this session's was looked at with who sent it."""
    return await request.form(max_files=0)


Posted = Annotated[FormData, Depends(posted)]


def twin(path: str, *, query: bool = True) -> Any:  # noqa: ANN401 (as Depends itself)
    """A dependency: who accepts only JSON is sent to the API's `path`, which the page also links to."""

    def ask(request: Request) -> None:
        url = path.format(**request.path_params)
        filters = urlencode(asked(request)) if query else ""
        request.state.twin = f"{url}?{filters}" if filters else url
        if _only_json(request):
            raise Elsewhere(request.state.twin)

    return Depends(ask)


_OF_THE_PAGE = {"columns", "seen"}


def asked(request: Request) -> dict[str, str]:
    """The query as the API takes it: without what is empty or only the page's; several values with commas."""
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if value.strip() and name not in _OF_THE_PAGE:
            query[name] = f"{query[name]},{value}" if name in query else value
    return query


def params[M: BaseModel](request: Request, model: type[M]) -> M:
    """The query as parameters of a list. Raises Invalid."""
    try:
        return model.model_validate(asked(request))
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


def show(
    request: Request, template: str, *, status: int = 200, caller: Caller | None = None, **values: object
) -> Response:
    """The page."""
    html = (
        templates()
        .get_template(template)
        .render(
            request=request,
            caller=caller,
            csrf=caller.csrf if caller else None,
            twin=getattr(request.state, "twin", None),
            **values,
        )
    )
    content, headers = html.encode(), dict(_HEADERS)
    if len(content) > _WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = gzip.compress(content, 4), "gzip"
    return Response(content, status, media_type="text/html; charset=utf-8", headers=headers)


def show_part(request: Request, template: str, *, caller: Caller, **values: object) -> Response:
    """A part of a page that is asked for again and again: 204 when it is the one that was `seen`."""
    values |= {"request": request, "csrf": caller.csrf, "caller": caller}
    html = templates().get_template(template).render(**values)
    digest = hashlib.sha256(html.encode()).hexdigest()[:16]
    if request.query_params.get("seen") == digest:
        return Response(status_code=204, headers=_HEADERS)
    return Response(html, media_type="text/html; charset=utf-8", headers={**_HEADERS, "X-Seen": digest})


def see_other(request: Request, url: str) -> Response:
    """Go there; for htmx, which would follow a redirect without leaving the page, in its own words."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": url})
    return RedirectResponse(url, 303)


def local(url: str) -> str:
    """`url` if it is a path of this service, else the first page: nobody is led elsewhere by a link to log in."""
    return url if _ONLY_HERE.match(url) else "/"


def _here(request: Request) -> str:
    if request.method != "GET" or "hx-request" in request.headers:
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def error_page(request: Request, problem: Problem) -> Response:
    """What went wrong and what to do; as a problem document for who accepts only JSON."""
    if _only_json(request):
        return respond(problem)
    back = local(request.headers.get("referer", "").removeprefix(str(request.base_url).rstrip("/")))
    caller: Caller | None = getattr(request.state, "caller", None)
    return show(request, "error.html", status=problem.status, caller=caller, problem=problem, back=back)


def _only_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept
