"""The web UI: pages rendered here, over the same service functions as the REST API."""

from fastapi import APIRouter, FastAPI

from trunkline.web import assets, errors
from trunkline.web.pages import (
    audit,
    customers,
    dashboard,
    docs,
    log_in,
    order,
    policies,
    products,
    run,
    runs,
    schedules,
    subscription,
    subscriptions,
    tokens,
    topology,
    workers,
)

__all__ = ["install"]

_PAGES = (
    audit,
    log_in,
    dashboard,
    topology,
    subscriptions,
    subscription,
    order,
    policies,
    runs,
    schedules,
    run,
    customers,
    products,
    tokens,
    workers,
    docs,
)


def install(app: FastAPI) -> None:
    """Give `app` the pages at `/` and their files at `/static`; its errors are pages, too, for who looks at pages."""
    router = APIRouter()
    for page in _PAGES:
        router.include_router(page.router)
    app.include_router(router, include_in_schema=False)
    app.include_router(assets.router, include_in_schema=False)
    errors.install(app)
