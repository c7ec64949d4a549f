"""Find a subscription by what names it."""

import uuid

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog.types import Uses
from trunkline.db.models import Lifecycle, ProductRow, Subscription


async def find(session: AsyncSession, use: Uses, value: str, *, change: bool = False) -> Subscription | None:
    """The living subscription that a field names, by its own field or by id; it stays so until the transaction ends.

    `change`: for one who is going to change it.
    """
    query = (
        select(Subscription)
        .join(ProductRow, Subscription.product_slug == ProductRow.slug)
        .where(ProductRow.block == use.block)
        .with_for_update(of=Subscription, read=not change)
    )
    by_name = Subscription.block[use.field].astext == value
    try:
        chosen = or_(by_name, Subscription.id == uuid.UUID(value))
    except ValueError:
        chosen = by_name
    query = query.where(chosen, Subscription.status != Lifecycle.TERMINATED)
    return (await session.scalars(query)).unique().first()
