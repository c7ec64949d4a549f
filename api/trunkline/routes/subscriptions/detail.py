"""One subscription with what it hangs together with, in as few queries as can be."""

import uuid
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import LIVE, Dependency, Run, Subscription
from trunkline.routes.subscriptions import service
from trunkline.routes.subscriptions.schemas import Related, SubscriptionDetail, SubscriptionOut, subscription_out

_MOST = 100


async def read(session: AsyncSession, subscription_id: uuid.UUID) -> tuple[SubscriptionOut, SubscriptionDetail]:
    """The subscription as lists show it, and its detail. Raises NotFound."""
    shown = subscription_out(await service.get(session, subscription_id))
    columns = (Subscription.id, Subscription.product_slug, Subscription.status, Subscription.description)
    below = (
        select(literal("depends_on").label("side"), Dependency.path, *columns)
        .join(Subscription, Subscription.id == Dependency.depends_on_id)
        .where(Dependency.subscription_id == subscription_id)
    )
    above = (
        select(literal("in_use_by").label("side"), Dependency.path, *columns)
        .join(Subscription, Subscription.id == Dependency.subscription_id)
        .where(Dependency.depends_on_id == subscription_id)
        .limit(_MOST)
    )
    related: dict[str, list[Related]] = {"depends_on": [], "in_use_by": []}
    for side, path, identity, product, status, description in await session.execute(union_all(below, above)):
        item = Related.model_construct(path=path, id=identity, product=product, status=status, description=description)
        related[side].append(item)
    for items in related.values():
        items.sort(key=lambda item: (item.path, item.description))
    holder = select(Run.id).where(Run.subscription_id == subscription_id, Run.status.in_(LIVE))
    run = await session.scalar(holder)
    more: dict[str, Any] = {**related, "run": run}
    # Nothing to check here: it was all made by us.
    return shown, SubscriptionDetail.model_construct(**(dict(shown) | more))
