"""The REST API: who may ask, and which path leads to what."""

import hmac
import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.awx.standin import objects, operations
from tests.awx.standin.errors import AnswerError, not_allowed, not_found
from tests.awx.standin.kinds import KINDS
from tests.awx.standin.objects import Asked
from tests.awx.standin.store import Record, Store

_NO_TOKEN = {"detail": "Authentication credentials were not provided. To establish a login session, visit /api/login/."}
type Answer = tuple[int, Any]


def application(store: Store, token: str) -> Starlette:
    """The stand-in as an ASGI application; `token` lets its one user in."""

    async def handle(request: Request) -> Response:
        if request.url.path == "/api/v2/ping/":
            return JSONResponse({"version": "24.6.1", "active_node": "stand-in", "ha": False})
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given, token):
            return JSONResponse(_NO_TOKEN, status_code=401)
        body: Any = {}
        if content := await request.body():
            try:
                body = json.loads(content)
            except ValueError as error:
                return JSONResponse({"detail": f"JSON parse error - {error}"}, status_code=400)
        asked = Asked(request.method, request.url.path, dict(request.query_params), body)
        status, answer = await run_in_threadpool(_answer, store, asked)
        return Response(status_code=status) if answer is None else JSONResponse(answer, status_code=status)

    return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])])


def _answer(store: Store, asked: Asked) -> Answer:
    try:
        with store.locked(writes=asked.method != "GET"):
            return _dispatch(store, asked)
    except AnswerError as error:
        return error.status, error.body


def _dispatch(store: Store, asked: Asked) -> Answer:
    parts = asked.path.removeprefix("/api/v2/").strip("/").split("/")
    if not asked.path.startswith("/api/v2/") or not asked.path.endswith("/"):
        raise not_found()
    if parts == ["me"]:
        user = {"id": 1, "type": "user", "username": "admin", "is_superuser": True}
        return 200, {"count": 1, "next": None, "previous": None, "results": [user]}
    kind = parts[0]
    if kind not in KINDS or len(parts) > 3:
        raise not_found()
    if len(parts) == 1:
        return {"GET": objects.list_all, "POST": objects.create}.get(asked.method, _refuse)(store, kind, asked)
    record = store.table(kind).get(int(parts[1])) if parts[1].isdigit() else _named(store, kind, parts[1])
    if record is None:
        raise not_found()
    if len(parts) == 2:
        known = {"GET": objects.detail, "PATCH": objects.change, "PUT": objects.change, "DELETE": objects.delete}
        return known.get(asked.method, _refuse_one)(store, kind, record, asked)
    operation: Callable[..., Answer] | None = operations.find(kind, parts[2])
    if operation is None:
        raise not_found()
    return operation(store, kind, record, asked)


def _named(store: Store, kind: str, name: str) -> Record | None:
    """AWX's named URLs: NAME++ORGANIZATION."""
    own, _, organization = name.partition("++")
    home = store.find("organizations", lambda record: record["name"] == organization)
    return store.find(
        kind, lambda record: record["name"] == own and (home is None or record.get("organization") == home["id"])
    )


def _refuse(store: Store, kind: str, asked: Asked) -> Answer:
    raise not_allowed(asked.method)


def _refuse_one(store: Store, kind: str, record: dict[str, Any], asked: Asked) -> Answer:
    raise not_allowed(asked.method)
