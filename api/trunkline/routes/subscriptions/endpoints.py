"""Subscriptions: order, look at, change, terminate, validate, resync."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.access import Caller, Role
from trunkline.access.caller import sees
from trunkline.db.models import Approval, Change, Customer, Run, Subscription
from trunkline.errors import ProblemDocument
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.etags import IfMatch, etag
from trunkline.routes.idempotency import Key
from trunkline.routes.paging import Listing, Page, Partial, beginning, fields_of
from trunkline.routes.runs.schemas import RunOut, run_out
from trunkline.routes.session import Reader, Session
from trunkline.routes.subscriptions import batches, detail, orders, service
from trunkline.routes.subscriptions.allowed import allowed
from trunkline.routes.subscriptions.schemas import (
    AllowedWorkflow,
    BatchIn,
    BatchOrderOut,
    BatchOut,
    ChangeFilter,
    ChangeOut,
    DependencyOut,
    ModifyIn,
    OrderIn,
    SubscriptionDetail,
    SubscriptionFilter,
    SubscriptionOut,
    of_columns,
    shown_columns,
    subscription_out,
)
from trunkline.routes.subscriptions.search import having_words
from trunkline.runs.outcome import subscription_of

router = APIRouter(prefix="/subscriptions", tags=["subscriptions"])

PlanOnly = Annotated[bool, Query(description="The run ends with its plan: nothing is changed")]
_CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"model": ProblemDocument, "description": "It was changed since you looked at it"}
}


def _accepted(response: Response, run: Run) -> RunOut:
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run_out(run)


@router.get(
    "",
    summary="List subscriptions",
    response_model=Page[SubscriptionOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_subscriptions(
    session: Reader, caller: Authenticated, params: Annotated[SubscriptionFilter, Query()]
) -> Response:
    """Subscriptions, newest first."""
    return await LISTING.answer(session, await wanted(session, caller, params), params, SubscriptionOut, of_columns)


async def wanted(session: AsyncConnection, caller: Caller, params: SubscriptionFilter) -> Select[*tuple[Any, ...]]:
    """The subscriptions that a list shows the caller, but for what `LISTING` filters by. Raises Invalid."""
    query = shown_columns()
    if not caller.everywhere(Role.VIEWER):
        query = query.where(sees(caller))
    if params.q is not None:
        query = query.where(having_words(params.q))
    if params.id is not None:
        query = query.where(beginning(Subscription.id.expression, params.id))
    if params.customer is not None:
        # By their ids: a subquery keeps PostgreSQL from reading the page off an index.
        named = select(Customer.id).where(Customer.shortcode.in_(params.customer.split(",")))
        query = query.where(Subscription.customer_id.in_((await session.scalars(named)).all()))
    return query


@router.post("", status_code=202, summary="Order a subscription", dependencies=[needs(Role.OPERATOR, Where.ANYWHERE)])
async def order(
    session: Session, caller: Authenticated, body: OrderIn, response: Response, idempotency_key: Key = None
) -> RunOut:
    """Everything that can be checked is checked before anything is stored; the run then plans, applies and verifies."""
    run, replayed = await orders.order(session, caller, body, idempotency_key)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return _accepted(response, run)


@router.post(
    "/batch", status_code=202, summary="Order many subscriptions", dependencies=[needs(Role.OPERATOR, Where.ANYWHERE)]
)
async def order_many(
    session: Session,
    caller: Authenticated,
    request: Request,
    body: BatchIn,
    response: Response,
    idempotency_key: Key = None,
) -> BatchOut:
    """All orders are taken, or none. Orders that one playbook does are carried out together, up to
    TRUNKLINE_BATCH_SIZE in one run, all or none; each order has a run of its own beside it, which tells how it went.
    """
    made, replayed = await batches.order_many(session, caller, body, idempotency_key, request.app.state.settings)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    ids = [batch.id for batch in made]
    runs = (await session.scalars(select(Run).where(Run.parent_id.in_(ids)).order_by(Run.position))).unique()
    found = [BatchOrderOut(run=run.id, subscription=subscription_out(subscription_of(run))) for run in runs]
    return BatchOut(batches=ids, orders=found)


@router.get(
    "/{subscription_id:uuid}",
    summary="A subscription",
    response_model=SubscriptionDetail | Partial,
    dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def get_subscription(
    session: Reader,
    subscription_id: uuid.UUID,
    fields: Annotated[str | None, Query(description="Only these fields", examples=["id,status"])] = None,
) -> Response:
    """The subscription with its block (what was ordered and what was learned) and what it hangs together with."""
    include = fields_of(SubscriptionDetail, fields)
    shown, whole = await detail.read(session, subscription_id)
    headers = {"ETag": etag(shown)}
    return Response(whole.model_dump_json(include=include), media_type="application/json", headers=headers)


@router.patch(
    "/{subscription_id:uuid}",
    status_code=202,
    summary="Modify a subscription",
    responses={200: {"model": SubscriptionOut, "description": "Only note or end date: no run is needed"}, **_CHANGED},
    dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)],
)
async def modify(
    session: Session,
    caller: Authenticated,
    subscription_id: uuid.UUID,
    body: ModifyIn,
    response: Response,
    if_match: IfMatch = None,
) -> RunOut:
    """Only fields given change; if the run fails, the previous values are put back."""
    subscription = await service.lock(session, subscription_id, if_match)
    run = await service.modify(session, caller, subscription, body)
    if run is None:
        shown = subscription_out(subscription)
        headers = {"ETag": etag(shown)}
        return Response(shown.model_dump_json(), media_type="application/json", headers=headers)  # type: ignore[return-value]
    return _accepted(response, run)


@router.delete(
    "/{subscription_id:uuid}",
    status_code=202,
    summary="Terminate a subscription",
    responses=_CHANGED,
    dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)],
)
async def terminate(
    session: Session,
    caller: Authenticated,
    subscription_id: uuid.UUID,
    response: Response,
    approval: Approval = Approval.AUTO,
    plan_only: PlanOnly = False,
    skip_devices: Annotated[bool, Query(description="Its routers are gone for good: only NetBox is cleared")] = False,
    if_match: IfMatch = None,
) -> RunOut:
    """Refused with the list of users while others depend on it."""
    subscription = await service.lock(session, subscription_id, if_match)
    run = await service.terminate(
        session, caller, subscription, approval=approval, plan_only=plan_only, skip_devices=skip_devices
    )
    return _accepted(response, run)


@router.post(
    "/{subscription_id:uuid}/validate",
    status_code=202,
    summary="Look for drift",
    responses=_CHANGED,
    dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)],
)
async def validate(
    session: Session,
    caller: Authenticated,
    subscription_id: uuid.UUID,
    response: Response,
    if_match: IfMatch = None,
) -> RunOut:
    """Changes nothing: the run's plan is the drift, and `insync` says whether there is any."""
    subscription = await service.lock(session, subscription_id, if_match)
    return _accepted(response, await service.validate(session, caller, subscription))


@router.post(
    "/{subscription_id:uuid}/resync",
    status_code=202,
    summary="Apply again",
    responses=_CHANGED,
    dependencies=[needs(Role.OPERATOR, Where.SUBSCRIPTION)],
)
async def resync(
    session: Session,
    caller: Authenticated,
    subscription_id: uuid.UUID,
    response: Response,
    plan_only: PlanOnly = False,
    if_match: IfMatch = None,
) -> RunOut:
    """Bring NetBox and the routers back to what the subscription says. One that never came into service is created."""
    subscription = await service.lock(session, subscription_id, if_match)
    return _accepted(response, await service.resync(session, caller, subscription, plan_only=plan_only))


@router.get(
    "/{subscription_id:uuid}/in-use-by",
    summary="What depends on it",
    dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def in_use_by(session: Session, subscription_id: uuid.UUID) -> list[DependencyOut]:
    """The subscriptions that refer to this one."""
    await service.get(session, subscription_id)
    found = await service.in_use_by(session, subscription_id)
    return [DependencyOut(path=path, subscription=subscription_out(row)) for path, row in found]


@router.get(
    "/{subscription_id:uuid}/depends-on",
    summary="What it depends on",
    dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def depends_on(session: Session, subscription_id: uuid.UUID) -> list[DependencyOut]:
    """The subscriptions that this one refers to."""
    await service.get(session, subscription_id)
    found = await service.depends_on(session, subscription_id)
    return [DependencyOut(path=path, subscription=subscription_out(row)) for path, row in found]


@router.get(
    "/{subscription_id:uuid}/workflows",
    summary="What can be done with it now",
    dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def workflows(session: Session, caller: Authenticated, subscription_id: uuid.UUID) -> list[AllowedWorkflow]:
    """Each workflow of its product, with what stands against it now."""
    return await allowed(session, caller, await service.get(session, subscription_id))


@router.get(
    "/{subscription_id:uuid}/history",
    summary="How it came to be so",
    response_model=Page[ChangeOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.SUBSCRIPTION)],
)
async def history(session: Session, subscription_id: uuid.UUID, params: Annotated[ChangeFilter, Query()]) -> Response:
    """Every change, newest first: who made it, when, in which run, what was before and after."""
    await service.get(session, subscription_id)
    query = select(Change).where(Change.subscription_id == subscription_id)
    return await HISTORY.answer(session, query, params, ChangeOut, change_out)


def change_out(row: Change) -> ChangeOut:
    """The change as every answer carries it."""
    return ChangeOut(
        id=row.id,
        made_by=row.made_by,
        run=row.run_id,
        before=row.before,
        after=row.after,
        created_at=row.created_at,
    )


LISTING = Listing(
    id=Subscription.id.expression,
    sorts={
        "created_at": Subscription.created_at.expression,
        "updated_at": Subscription.updated_at.expression,
        "description": Subscription.description.expression,
        "status": Subscription.status.expression,
        "product": Subscription.product_slug.expression,
    },
    filters={
        "status": Subscription.status.expression,
        "product": Subscription.product_slug.expression,
        "insync": Subscription.insync.expression,
        "description": Subscription.description.expression,
    },
)
HISTORY = Listing(
    id=Change.id.expression,
    sorts={"created_at": Change.created_at.expression},
    filters={"made_by": Change.made_by.expression, "run": Change.run_id.expression},
)
