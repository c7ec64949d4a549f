"""The service: `uvicorn trunkline.main:app` or `trunkline serve`."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import RedirectResponse

from trunkline import __version__
from trunkline.db.session import make_engine, make_sessions
from trunkline.errors import ProblemDocument
from trunkline.routes import problems
from trunkline.routes.authentication import authenticate
from trunkline.routes.customers.endpoints import router as customers
from trunkline.routes.health.endpoints import metrics_router
from trunkline.routes.health.endpoints import router as health
from trunkline.routes.products.endpoints import router as products
from trunkline.routes.runs.endpoints import router as runs
from trunkline.routes.subscriptions.endpoints import router as subscriptions
from trunkline.routes.tasks.endpoints import router as tasks
from trunkline.routes.tokens.endpoints import router as tokens
from trunkline.runs.follow import Hub
from trunkline.settings import Settings, get_settings

logger = logging.getLogger(__name__)

_PROBLEM = {"model": ProblemDocument, "description": "Problem details (RFC 9457)"}
_PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys((401, 404, 409, 422, 503), _PROBLEM)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Settings are read when it starts, unless they are given."""
    app = FastAPI(
        title="Trunkline",
        version=__version__,
        summary="Orders network services: documented in NetBox, configured with Ansible, proved on the routers.",
        lifespan=_lifespan,
    )
    app.state.given_settings = settings
    problems.install(app)
    secured = APIRouter(prefix="/api/v1", dependencies=[Depends(authenticate)], responses=_PROBLEMS)
    for router in (products, customers, subscriptions, runs, tasks, tokens):
        secured.include_router(router)
    app.include_router(secured)
    app.include_router(health, prefix="/api/v1", responses={503: _PROBLEM})
    app.include_router(metrics_router, responses={401: _PROBLEM})

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.given_settings or get_settings()
    engine = make_engine(settings.database_url)
    app.state.settings = settings
    app.state.sessions = make_sessions(engine)
    app.state.hub = Hub()
    tasks = [asyncio.create_task(app.state.hub.listen(settings.libpq_url), name="follow runs")]
    if settings.worker_in_api:
        # Only a process that works needs Ansible's libraries.
        from trunkline.runs.worker import work  # noqa: PLC0415

        tasks.append(asyncio.create_task(work(settings), name="worker"))
    for task in tasks:
        task.add_done_callback(_end_without)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.dispose()


def _end_without(task: asyncio.Task[None]) -> None:
    """An API whose worker has failed looks well and does nothing: better that who watches it starts it again."""
    if not task.cancelled():
        logger.critical("the task '%s' ended; so does the service", task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


app = create_app()
