"""What a subscription holds: what only one living subscription may have, and the subscriptions that it refers to."""

import uuid
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import PRODUCTS, Block, Values
from trunkline.catalog.block import references_in
from trunkline.catalog.values import flatten
from trunkline.db.models import Claim, Dependency, Subscription
from trunkline.errors import Conflict, Duplicate
from trunkline.runs.find import find

# A list's place may be another's until the change is made: paths of one subscription differ.
_ORDERED = "ordered."
_TAKE = insert(Claim.__table__).on_conflict_do_nothing().returning(Claim.what)  # type: ignore[arg-type]  # a Table


async def claim(session: AsyncSession, subscription: Subscription, block: Block, *, but: Collection[str] = ()) -> None:
    """Take what the block claims for the subscription, `but` what it has. Raises Duplicate naming the holder, before
    anything is made.
    """
    wanted = [what for what in block.claims() if what not in but]
    got = await take(session, dict.fromkeys(wanted, subscription.id))
    await refuse_taken(session, [what for what in wanted if what not in got])


async def take(session: AsyncSession, wanted: Mapping[str, uuid.UUID]) -> set[str]:
    """Take each for the subscription with this id; what others have is not among the answer."""
    if not wanted:
        return set()
    # In a fixed order, so that two who want the same never wait for each other.
    rows = [{"what": what, "subscription_id": wanted[what]} for what in sorted(wanted)]
    return set((await session.execute(_TAKE, rows)).scalars())


async def hold_also(session: AsyncSession, subscription: Subscription, values: Values) -> None:
    """Take, beside what the subscription holds, what it will need with these values. Raises Duplicate, Conflict."""
    block = PRODUCTS[subscription.product_slug].block
    held = await session.scalars(select(Claim.what).where(Claim.subscription_id == subscription.id))
    await claim(session, subscription, block.model_validate(values), but=set(held))
    query = select(Dependency.depends_on_id).where(Dependency.subscription_id == subscription.id)
    known = set(await session.scalars(query))
    flat = flatten(values)
    for path, use in references_in(block, values).items():
        used = await find(session, use, str(flat[path]))
        if used is None:
            raise Conflict(f"{path}: there is no {use.block.lower()} {flat[path]} any more.")
        if used.id not in known:
            known.add(used.id)
            session.add(Dependency(subscription_id=subscription.id, path=_ORDERED + path, depends_on_id=used.id))


async def settle(session: AsyncSession, subscription: Subscription) -> None:
    """Hold what the subscription's block says, and nothing else: a change has been made, or has been given up."""
    block = PRODUCTS[subscription.product_slug].block
    values = subscription.block
    mine = block.model_validate(values).claims()
    await session.execute(delete(Claim).where(Claim.subscription_id == subscription.id, Claim.what.not_in(mine)))
    flat = flatten(values)
    uses = {path: await find(session, use, str(flat[path])) for path, use in references_in(block, values).items()}
    await session.execute(delete(Dependency).where(Dependency.subscription_id == subscription.id))
    for path, used in uses.items():
        if used is not None:
            session.add(Dependency(subscription_id=subscription.id, path=path, depends_on_id=used.id))


async def release(session: AsyncSession, subscription_id: uuid.UUID) -> None:
    """Give back what the subscription holds, and what it refers to: others may have it."""
    await session.execute(delete(Claim).where(Claim.subscription_id == subscription_id))
    await session.execute(delete(Dependency).where(Dependency.subscription_id == subscription_id))


async def must_be_free(session: AsyncSession, block: Block, subscription_id: uuid.UUID | None = None) -> None:
    """The same without taking it; what this subscription has is free for it. Raises Duplicate."""
    query = select(Claim.what).where(Claim.what.in_(block.claims()))
    if subscription_id is not None:
        query = query.where(Claim.subscription_id != subscription_id)
    held = set(await session.scalars(query))
    await refuse_taken(session, [what for what in block.claims() if what in held])


async def refuse_taken(session: AsyncSession, taken: Sequence[str]) -> None:
    """Raises Duplicate, naming who holds the first of these; nothing when there is none."""
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
