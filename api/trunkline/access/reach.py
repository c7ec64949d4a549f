"""Whose a subscription or a run is: what limited callers are measured against."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Customer, Run, Subscription

type Owned = tuple[str, str]
"""A product's slug and a customer's shortcode."""


async def of_subscription(session: AsyncSession, subscription_id: uuid.UUID) -> list[Owned]:
    """Product and customer of the subscription; nothing where there is none."""
    query = select(Subscription.product_slug, Customer.shortcode).join(
        Customer, Customer.id == Subscription.customer_id
    )
    return [(row[0], row[1]) for row in await session.execute(query.where(Subscription.id == subscription_id))]


async def of_run(session: AsyncSession, run_id: uuid.UUID) -> list[Owned]:
    """Product and customer of all that the run works on; nothing where that cannot be said (a task for no one)."""
    run = (await session.execute(select(Run).where(Run.id == run_id))).unique().scalar_one_or_none()
    if run is None:
        return []
    if run.order is not None and {"product", "customer"} <= run.order.keys():
        return [(str(run.order["product"]), str(run.order["customer"]))]
    query = (
        select(Subscription.product_slug, Customer.shortcode)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(Run, Run.subscription_id == Subscription.id)
        .where((Run.id == run_id) | (Run.parent_id == run_id))
        .distinct()
    )
    return [(row[0], row[1]) for row in await session.execute(query)]
