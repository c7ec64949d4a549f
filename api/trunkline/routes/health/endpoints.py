"""Is it alive, can it work, and how much does it do."""

import asyncio
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from trunkline.access import Role
from trunkline.errors import Unavailable
from trunkline.routes.authentication import Where, needs
from trunkline.routes.session import Session
from trunkline.settings import Settings

router = APIRouter(prefix="/health", tags=["health"])
metrics_router = APIRouter(tags=["health"])

_NETBOX_ANSWERS_WITHIN_S = 2.0
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Orders can be taken."""

    status: Literal["ready"] = "ready"
    database: Literal["ok"] = "ok"
    netbox: Literal["reachable", "unreachable", "not configured"] = Field(
        description="A run that needs an unreachable NetBox fails in its plan after TRUNKLINE_PLAN_PATIENCE_S; orders "
        "are taken all the same"
    )


@router.get("/live", summary="Is the process alive")
async def live() -> Live:
    """Needs no token."""
    return Live()


@router.get("/ready", summary="Can orders be taken", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def ready(session: Session, request: Request) -> Ready:
    """503 while the database is away or lacks a migration."""
    settings: Settings = request.app.state.settings
    # Alembic is loaded where it is needed: it takes as long as all of FastAPI.
    from trunkline.db import migrate  # noqa: PLC0415

    state = request.app.state
    if state.head is None:
        # It reads every migration, and pages ask again and again; this process' code stays as it is.
        state.head = await asyncio.to_thread(migrate.head, settings)
    connection = await session.connection()
    if await connection.run_sync(migrate.current) != state.head:
        raise Unavailable("The database lacks a migration: run `trunkline db upgrade`.")
    return Ready(netbox=await _netbox(settings))


@metrics_router.get(
    "/metrics",
    summary="Prometheus metrics",
    dependencies=[needs(Role.VIEWER)],
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": 'trunkline_runs{target="create",status="failed"} 1'}}}},
)
async def metrics(session: Session, request: Request) -> Response:
    """Runs, stages, queue, workers, drift, approvals and notifications, as Prometheus text."""
    # Loaded where it is asked for: the API starts without it.
    from trunkline.telemetry.metrics import exposition  # noqa: PLC0415

    settings: Settings = request.app.state.settings
    return Response(await exposition(session, settings.stalled_after_s), media_type=_PROMETHEUS)


async def _netbox(settings: Settings) -> Literal["reachable", "unreachable", "not configured"]:
    """Whether something accepts connections there; what NetBox knows is the collection's business."""
    if not settings.netbox_url:
        return "not configured"
    url = urlsplit(settings.netbox_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_NETBOX_ANSWERS_WITHIN_S):
            _, writer = await asyncio.open_connection(url.hostname, port)
            writer.close()
    except (OSError, TimeoutError):
        return "unreachable"
    return "reachable"
