"""Many orders at once: all of them are stored, or none, in as few statements as for one."""

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from itertools import batched

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.db.history import acting
from trunkline.db.models import Run, RunTarget, Subscription
from trunkline.errors import FieldError, Problem, invalid
from trunkline.routes.idempotency import remember
from trunkline.routes.subscriptions.orders import Checked, Known, check
from trunkline.routes.subscriptions.schemas import BatchIn
from trunkline.runs.calls import many
from trunkline.runs.claims import refuse_taken, take
from trunkline.runs.start import NewRun, start, start_carried
from trunkline.settings import Settings


async def order_many(
    session: AsyncSession, caller: Caller, body: BatchIn, key: str | None, settings: Settings
) -> tuple[list[Run], bool]:
    """The batches that carry the orders out, and whether that was done before.

    Raises what `check` does, for the first order that something stands against.
    """
    first_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, first_id)
    if earlier is not None:
        query = select(Run).where(Run.target == RunTarget.BATCH, Run.order == earlier.order).order_by(Run.created_at)
        return list((await session.scalars(query)).unique()), True
    await acting(session, caller.name)
    checked = await _check(session, caller, body, settings)
    by_playbook: dict[str, list[Subscription]] = {}
    for order, subscription in zip(checked, await _store(session, checked), strict=True):
        by_playbook.setdefault(order.product.provision_playbook, []).append(subscription)
    ids = iter([first_id])
    batches = []
    for subscriptions in by_playbook.values():
        for shard in batched(subscriptions, settings.batch_size):
            new = NewRun(
                target=RunTarget.BATCH,
                by=caller.name,
                title=f"{len(shard)} orders, {shard[0].description} first",
                approval=body.approval,
                desired={},
                order={"request": str(first_id)},
                id=next(ids, None),
            )
            batch = await start(session, new)
            await start_carried(session, batch, shard)
            batches.append(batch)
    return batches, False


async def _check(session: AsyncSession, caller: Caller, body: BatchIn, settings: Settings) -> list[Checked]:
    known = Known()
    checked = []
    for number, one in enumerate(body.orders):
        with _numbered(number):
            order = await check(session, caller, one, known)
            playbook = many(order.product.provision_playbook)
            if not (settings.playbooks / playbook).is_file():
                message = f"{order.product.slug} has no playbook {playbook} for many orders: order it by itself"
                raise invalid([FieldError(field="product", message=message)])
            checked.append(order)
    return checked


async def _store(session: AsyncSession, checked: Sequence[Checked]) -> list[Subscription]:
    stored = [order.subscription() for order in checked]
    session.add_all(stored)
    await session.flush()
    claims = [order.block.claims() for order in checked]
    wanted: dict[str, uuid.UUID] = {}
    for subscription, mine in zip(stored, claims, strict=True):
        for what in mine:
            wanted.setdefault(what, subscription.id)  # who comes first has it
    got = await take(session, wanted)
    for number, (subscription, mine) in enumerate(zip(stored, claims, strict=True)):
        with _numbered(number):
            await refuse_taken(session, [what for what in mine if what not in got or wanted[what] != subscription.id])
    for order, subscription in zip(checked, stored, strict=True):
        session.add_all(order.dependencies(subscription))
    await session.flush()
    # With what the database has filled in.
    ids = [subscription.id for subscription in stored]
    query = select(Subscription).where(Subscription.id.in_(ids)).execution_options(populate_existing=True)
    await session.execute(query)
    return stored


@contextlib.contextmanager
def _numbered(number: int) -> Iterator[None]:
    """Which of the orders a refusal is about."""
    try:
        yield
    except Problem as problem:
        where = f"orders.{number}"
        problem.errors = [FieldError(field=f"{where}.{item.field}", message=item.message) for item in problem.errors]
        problem.detail = f"{where}: {problem.detail}"
        raise
