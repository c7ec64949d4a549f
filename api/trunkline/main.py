"""The service: `uvicorn trunkline.main:app` or `trunkline serve`."""

import asyncio
import importlib
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI

from trunkline import __version__, web
from trunkline.access.callers import Callers
from trunkline.access.rates import Rates
from trunkline.db.session import make_engine, make_reader, make_sessions
from trunkline.forms.netbox import NetBoxChoices
from trunkline.routes import limits, openapi, problems
from trunkline.routes.audit.endpoints import router as audit
from trunkline.routes.authentication import deny_undeclared
from trunkline.routes.customers.endpoints import router as customers
from trunkline.routes.drift.endpoints import router as drift
from trunkline.routes.forms.endpoints import router as forms
from trunkline.routes.health.endpoints import metrics_router
from trunkline.routes.health.endpoints import router as health
from trunkline.routes.notifications.endpoints import router as notifications
from trunkline.routes.overview.endpoints import router as overview
from trunkline.routes.policies.endpoints import router as policies
from trunkline.routes.products.endpoints import router as products
from trunkline.routes.reports.endpoints import router as reports
from trunkline.routes.runs.endpoints import router as runs
from trunkline.routes.schedules.endpoints import router as schedules
from trunkline.routes.sessions.endpoints import log_in as log_in_router
from trunkline.routes.sessions.endpoints import router as sessions
from trunkline.routes.subscriptions.endpoints import router as subscriptions
from trunkline.routes.tasks.endpoints import router as tasks
from trunkline.routes.tokens.endpoints import router as tokens
from trunkline.routes.topology.endpoints import router as topology
from trunkline.routes.workers.endpoints import router as workers
from trunkline.runs.follow import Hub
from trunkline.settings import Settings, get_settings

if TYPE_CHECKING:
    from trunkline.access.oidc import Provider

logger = logging.getLogger(__name__)


_DESCRIPTION = """
Every request but `health/live` and logging in carries `Authorization: Bearer TOKEN`, or the cookie of a session.

- **Orders** answer 202 with a run: follow `runs/{id}/events`, look at `runs/{id}/plan`. `plan_only` ends with the plan.
- **Errors** are problem details (RFC 9457): `errors` names each field, `detail` says what to do.
- **Lists** take `limit`, `cursor` (the `next` of the page before), `sort` (`-` before it: descending), `fields`, and
  filters, which take one value or several with commas between them.
- **Changes** take `If-Match` with the `ETag` that was looked at, and answer 412 when it is no longer that.
- **Creating** takes an `Idempotency-Key`: the same key and request again answers with the same run.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Settings are read when it starts, unless they are given."""
    app = FastAPI(
        title="Trunkline",
        version=__version__,
        summary="Orders network services: documented in NetBox, configured with Ansible, proved on the routers.",
        description=_DESCRIPTION,
        lifespan=_lifespan,
        # Nothing is shown to strangers: trunkline.routes.openapi and the page /docs are for those who may look.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.given_settings = settings
    problems.install(app)
    openapi.install(app)
    limits.install(app)
    secured = APIRouter(prefix="/api/v1", dependencies=[Depends(deny_undeclared)])
    resources = (
        products,
        customers,
        subscriptions,
        drift,
        overview,
        topology,
        reports,
        forms,
        runs,
        policies,
        tasks,
        workers,
        schedules,
        notifications,
        tokens,
        sessions,
        audit,
    )
    for router in resources:
        secured.include_router(router)
    app.include_router(secured)
    app.include_router(log_in_router, prefix="/api/v1")
    app.include_router(health, prefix="/api/v1")
    app.include_router(metrics_router)
    web.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.given_settings or get_settings()
    engine = make_engine(settings.database_url)
    app.state.settings = settings
    app.state.sessions = make_sessions(engine)
    app.state.reader = make_reader(settings.database_url)
    app.state.head = None
    app.state.callers = Callers()
    app.state.hub = Hub()
    app.state.rates = Rates("requests", settings.requests_per_minute, app.state.sessions)
    app.state.failures = Rates("failures", settings.failures_per_minute, app.state.sessions)
    app.state.oidc = _oidc(settings)
    app.state.choices = NetBoxChoices(settings)
    listening = app.state.hub.listen(settings.libpq_url, app.state.callers)
    tasks = [asyncio.create_task(listening, name="follow runs and tokens")]
    if settings.worker_in_api:
        tasks.append(asyncio.create_task(_work(settings), name="worker"))
    for task in tasks:
        task.add_done_callback(_end_without)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await engine.dispose()
        if app.state.oidc is not None:
            await app.state.oidc.http.aclose()
        await app.state.reader.dispose()


def _oidc(settings: Settings) -> "Provider | None":
    if settings.oidc_issuer is None:
        return None
    # Loaded where it is needed: most do without it.
    import httpx  # noqa: PLC0415

    from trunkline.access.oidc import Provider  # noqa: PLC0415

    return Provider(settings, httpx.AsyncClient(follow_redirects=False))


async def _work(settings: Settings) -> None:
    # Only a process that works needs Ansible's libraries, and the API answers while they are loaded.
    worker = await asyncio.to_thread(importlib.import_module, "trunkline.runs.worker")
    await worker.work(settings)


def _end_without(task: asyncio.Task[None]) -> None:
    """An API whose worker has failed looks well and does nothing: better that who watches it starts it again."""
    if not task.cancelled():
        logger.critical("the task '%s' ended; so does the service", task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


app = create_app()
