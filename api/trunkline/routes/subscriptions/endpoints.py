"""Subscriptions: order, look at, change, terminate, validate, resync."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from sqlalchemy import select

from trunkline.db.models import Approval, Customer, Run, RunTarget, Subscription
from trunkline.routes.authentication import Authenticated
from trunkline.routes.paging import Listing, Page
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.session import Session
from trunkline.routes.subscriptions import service
from trunkline.routes.subscriptions.schemas import (
    DependencyOut,
    ModifyIn,
    OrderIn,
    SubscriptionFilter,
    SubscriptionOut,
    subscription_out,
)

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])

IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=200, description="The same key and order again answers with the same run"),
]


def _accepted(response: Response, run: Run) -> RunOut:
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


@router.get("", summary="List subscriptions")
async def list_subscriptions(session: Session, params: Annotated[SubscriptionFilter, Query()]) -> Page[SubscriptionOut]:
    """Subscriptions, newest first."""
    query = select(Subscription).join(Customer, Customer.id == Subscription.customer_id)
    rows, cursor = await _LISTING.page(session, query, params)
    return Page(items=[subscription_out(row) for row in rows], next=cursor)


@router.post("", status_code=202, summary="Order a subscription")
async def order(
    session: Session, caller: Authenticated, body: OrderIn, response: Response, idempotency_key: IdempotencyKey = None
) -> RunOut:
    """Everything that can be checked is checked before anything is stored; the run then plans, applies and verifies."""
    run, replayed = await service.order(session, caller, body, idempotency_key)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return _accepted(response, run)


@router.get("/{subscription_id}", summary="A subscription")
async def get_subscription(session: Session, subscription_id: uuid.UUID) -> SubscriptionOut:
    """The subscription with its block: what was ordered and what was learned."""
    return subscription_out(await service.get(session, subscription_id))


@router.patch("/{subscription_id}", status_code=202, summary="Modify a subscription")
async def modify(
    session: Session, caller: Authenticated, subscription_id: uuid.UUID, body: ModifyIn, response: Response
) -> RunOut:
    """Only fields given change; if the run fails, the previous values are put back."""
    return _accepted(response, await service.modify(session, caller, subscription_id, body))


@router.delete("/{subscription_id}", status_code=202, summary="Terminate a subscription")
async def terminate(
    session: Session,
    caller: Authenticated,
    subscription_id: uuid.UUID,
    response: Response,
    approval: Approval = Approval.AUTO,
) -> RunOut:
    """Refused with the list of users while others depend on it."""
    return _accepted(response, await service.terminate(session, caller, subscription_id, approval))


@router.post("/{subscription_id}/validate", status_code=202, summary="Look for drift")
async def validate(session: Session, caller: Authenticated, subscription_id: uuid.UUID, response: Response) -> RunOut:
    """Changes nothing: the run's plan is the drift, and `insync` says whether there is any."""
    return _accepted(response, await service.check(session, caller, subscription_id, RunTarget.VALIDATE))


@router.post("/{subscription_id}/resync", status_code=202, summary="Apply again")
async def resync(session: Session, caller: Authenticated, subscription_id: uuid.UUID, response: Response) -> RunOut:
    """Bring NetBox and the routers back to what the subscription says."""
    return _accepted(response, await service.check(session, caller, subscription_id, RunTarget.RESYNC))


@router.get("/{subscription_id}/in-use-by", summary="What depends on it")
async def in_use_by(session: Session, subscription_id: uuid.UUID) -> list[DependencyOut]:
    """The subscriptions that refer to this one."""
    await service.get(session, subscription_id)
    found = await service.in_use_by(session, subscription_id)
    return [DependencyOut(path=path, subscription=subscription_out(row)) for path, row in found]


@router.get("/{subscription_id}/depends-on", summary="What it depends on")
async def depends_on(session: Session, subscription_id: uuid.UUID) -> list[DependencyOut]:
    """The subscriptions that this one refers to."""
    await service.get(session, subscription_id)
    found = await service.depends_on(session, subscription_id)
    return [DependencyOut(path=path, subscription=subscription_out(row)) for path, row in found]


_LISTING = Listing(
    id=Subscription.id.expression,
    sorts={
        "created_at": Subscription.created_at.expression,
        "updated_at": Subscription.updated_at.expression,
        "description": Subscription.description.expression,
    },
    filters={
        "status": Subscription.status.expression,
        "product": Subscription.product_slug.expression,
        "customer": Customer.shortcode.expression,
        "insync": Subscription.insync.expression,
        "description": Subscription.description.expression,
    },
)
