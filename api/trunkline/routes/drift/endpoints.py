"""Drift: what is not as ordered, over the whole network."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row, and_, select

from trunkline.access import Role
from trunkline.access.caller import sees
from trunkline.db.models import Customer, Run, RunStatus, RunTarget, Subscription
from trunkline.lifecycle import IN_SERVICE
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.drift.schemas import DriftFilter, DriftOut
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Reader

router = APIRouter(prefix="/drift", tags=["drift"])


@router.get(
    "",
    summary="Report drift",
    response_model=Page[DriftOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER, Where.ANYWHERE)],
)
async def list_drift(session: Reader, caller: Authenticated, params: Annotated[DriftFilter, Query()]) -> Response:
    """Every subscription in service that is out of sync, with NetBox operations and device diffs of the validation
    that found it.
    """
    return await _LISTING.answer(session, _QUERY.where(sees(caller)), params, DriftOut, _out)


def _out(row: Row[Any]) -> DriftOut:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)
    plan = values.pop("plan") or {"netbox": [], "devices": {}}
    return DriftOut.model_validate({**values, **plan})


# The last run that looked at or changed the subscription; what it found counts if it was a validation.
_last = (
    select(Run.id, Run.target, Run.plan, Run.finished_at)
    .where(
        Run.subscription_id == Subscription.id,
        Run.target.in_([RunTarget.VALIDATE, RunTarget.CREATE, RunTarget.MODIFY, RunTarget.RESYNC, RunTarget.TERMINATE]),
        ~Run.plan_only,
        ~and_(Run.target == RunTarget.VALIDATE, Run.status != RunStatus.COMPLETED),
        Run.finished_at.is_not(None),
    )
    .order_by(Run.created_at.desc())
    .limit(1)
    .lateral("last")
)
_found = _last.c.target == RunTarget.VALIDATE
_QUERY = (
    select(
        Subscription.id,
        Subscription.description,
        Subscription.product_slug.label("product"),
        Customer.shortcode.label("customer"),
        Subscription.status,
        _last.c.id.label("run"),
        _last.c.finished_at.label("found_at"),
        _last.c.plan,
        Subscription.created_at,
    )
    .join(Customer, Customer.id == Subscription.customer_id)
    .outerjoin(_last, _found)
    .where(~Subscription.insync, Subscription.status.in_(IN_SERVICE))
)
_LISTING = Listing(
    id=Subscription.id.expression,
    sorts={"description": Subscription.description.expression, "created_at": Subscription.created_at.expression},
    filters={
        "product": Subscription.product_slug.expression,
        "customer": Customer.shortcode.expression,
        "description": Subscription.description.expression,
    },
)
