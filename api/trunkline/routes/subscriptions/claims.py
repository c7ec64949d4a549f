"""What only one living subscription may hold."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import Block
from trunkline.db.models import Claim, Subscription
from trunkline.errors import Conflict, Duplicate


async def claim(session: AsyncSession, subscription: Subscription, block: Block) -> None:
    """Take what the block claims for the subscription. Raises Duplicate naming the holder, before anything is made."""
    wanted = block.claims()
    if not wanted:
        return
    statement = insert(Claim).values([{"what": what, "subscription_id": subscription.id} for what in sorted(wanted)])
    got = set(await session.scalars(statement.on_conflict_do_nothing().returning(Claim.what)))
    await _refuse_taken(session, [what for what in wanted if what not in got])


async def must_be_free(session: AsyncSession, block: Block) -> None:
    """The same without taking it. Raises Duplicate."""
    held = set(await session.scalars(select(Claim.what).where(Claim.what.in_(block.claims()))))
    await _refuse_taken(session, [what for what in block.claims() if what in held])


async def _refuse_taken(session: AsyncSession, taken: list[str]) -> None:
    if not taken:
        return
    query = select(Subscription).join(Claim, Claim.subscription_id == Subscription.id).where(Claim.what == taken[0])
    holder = (await session.scalars(query)).unique().one_or_none()
    if holder is None:
        raise Conflict(f"The {taken[0]} was just given back: send the order again.")
    raise Duplicate(
        f"The {taken[0]} belongs to {holder.description} ({holder.status}): use that, or terminate it first.",
        subscription=str(holder.id),
        claim=taken[0],
    )
