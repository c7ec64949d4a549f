"""One subscription with what it hangs together with, in two queries."""

import uuid
from typing import Any

from sqlalchemy import Uuid, bindparam, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.db.models import LIVE, Dependency, Run, Subscription
from trunkline.errors import NotFound
from trunkline.routes.subscriptions.schemas import (
    Related,
    SubscriptionDetail,
    SubscriptionOut,
    of_columns,
    shown_columns,
)

_MOST = 100
_WANTED = bindparam("wanted", type_=Uuid())


async def read(session: AsyncConnection, subscription_id: uuid.UUID) -> tuple[SubscriptionOut, SubscriptionDetail]:
    """The subscription as lists show it, and its detail. Raises NotFound."""
    row = (await session.execute(_SHOWN, {"wanted": subscription_id})).one_or_none()
    if row is None:
        raise NotFound(f"There is no subscription {subscription_id}. GET /api/v1/subscriptions lists them.")
    shown = of_columns(row)
    related: dict[str, list[Related]] = {"depends_on": [], "in_use_by": []}
    run = None
    for side, path, identity, product, status, description in await session.execute(
        _AROUND, {"wanted": subscription_id}
    ):
        if side == "run":
            run = identity
            continue
        item = Related.model_construct(path=path, id=identity, product=product, status=status, description=description)
        related[side].append(item)
    for items in related.values():
        items.sort(key=lambda item: (item.path, item.description))
    more: dict[str, Any] = {**related, "run": run}
    # Nothing to check here: it was all made by us.
    return shown, SubscriptionDetail.model_construct(**(dict(shown) | more))


def _around() -> Any:  # noqa: ANN401 (a compound select of mixed columns)
    columns = (Subscription.id, Subscription.product_slug, Subscription.status, Subscription.description)
    below = (
        select(literal("depends_on").label("side"), Dependency.path, *columns)
        .join(Subscription, Subscription.id == Dependency.depends_on_id)
        .where(Dependency.subscription_id == _WANTED)
    )
    above = (
        select(literal("in_use_by").label("side"), Dependency.path, *columns)
        .join(Subscription, Subscription.id == Dependency.subscription_id)
        .where(Dependency.depends_on_id == _WANTED)
        .limit(_MOST)
    )
    working = select(literal("run"), null(), Run.id, null(), null(), null()).where(
        Run.subscription_id == _WANTED, Run.status.in_(LIVE)
    )
    return union_all(below, above, working)


# Made once: to build a statement takes longer than to execute it.
_SHOWN = shown_columns().where(Subscription.id == _WANTED)
_AROUND = _around()
