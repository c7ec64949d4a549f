"""New orders, one or many: what is checked before anything is stored, and what is stored."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.catalog import PRODUCTS, Block, Product
from trunkline.db.history import acting
from trunkline.db.models import Customer, Dependency, ProductRow, Run, RunTarget, Subscription
from trunkline.errors import FieldError, Problem, invalid
from trunkline.routes.idempotency import remember
from trunkline.routes.subscriptions.references import resolve
from trunkline.routes.subscriptions.schemas import BatchIn, OneOfMany, OrderIn
from trunkline.runs.calls import many
from trunkline.runs.claims import claim, must_be_free
from trunkline.runs.start import NewRun, start
from trunkline.settings import Settings


@dataclass(frozen=True)
class Checked:
    """An order that nothing stands against; `uses`: what each path of its block refers to."""

    product: Product
    customer: Customer
    block: Block
    uses: dict[str, Subscription]
    note: str


async def check(session: AsyncSession, caller: Caller, body: OneOfMany) -> Checked:
    """Everything that can be said of an order without storing it. Raises Invalid, Forbidden, Conflict, Locked."""
    product, customer = await product_and_customer(session, body.product, body.customer)
    caller.must(Role.OPERATOR, product.slug, customer.shortcode)
    block = product.ordered(body.input)
    named, uses = await resolve(session, product, block.values())
    # Once more: two references may turn out to be the same thing when both have their names.
    return Checked(product, customer, product.ordered(named), uses, body.note)


async def order(session: AsyncSession, caller: Caller, body: OrderIn, key: str | None) -> tuple[Run, bool]:
    """The run of a new subscription, and whether the order had been placed before under the same key."""
    run_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, run_id)
    if earlier is not None:
        return earlier, True
    checked = await check(session, caller, body)
    await acting(session, caller.name, run_id)
    if body.plan_only:
        return await _plan(session, caller, checked, run_id), False
    subscription = await _store(session, checked)
    new = NewRun(
        target=RunTarget.CREATE,
        by=caller.name,
        subscription=subscription,
        approval=body.approval,
        desired=subscription.block,
        id=run_id,
    )
    return await start(session, new), False


async def order_many(
    session: AsyncSession, caller: Caller, body: BatchIn, key: str | None, settings: Settings
) -> tuple[list[Run], bool]:
    """The batches that carry the orders out: all orders are stored, or none. And whether that was done before."""
    first_id = uuid.uuid4()
    earlier = await remember(session, caller, key, body, first_id)
    if earlier is not None:
        query = select(Run).where(Run.target == RunTarget.BATCH, Run.order == earlier.order).order_by(Run.created_at)
        return list((await session.scalars(query)).unique()), True
    ids = iter([first_id])
    by_playbook: dict[str, list[Subscription]] = {}
    for number, one in enumerate(body.orders):
        await acting(session, caller.name)
        with _numbered(number):
            checked = await check(session, caller, one)
            playbook = many(checked.product.provision_playbook)
            if not (settings.playbooks / playbook).is_file():
                message = f"{checked.product.slug} has no playbook {playbook} for many orders: order it by itself"
                raise invalid([FieldError(field="product", message=message)])
            by_playbook.setdefault(playbook, []).append(await _store(session, checked))
    batches = []
    for subscriptions in by_playbook.values():
        for shard in batched(subscriptions, settings.batch_size):
            batch = NewRun(
                target=RunTarget.BATCH,
                by=caller.name,
                title=f"{len(shard)} orders, {shard[0].description} first",
                approval=body.approval,
                desired={},
                order={"request": str(first_id)},
                id=next(ids, None),
            )
            batches.append(await _batch(session, batch, list(shard)))
    return batches, False


async def _batch(session: AsyncSession, new: NewRun, subscriptions: list[Subscription]) -> Run:
    batch = await start(session, new)
    for position, subscription in enumerate(subscriptions):
        one = NewRun(
            target=RunTarget.CREATE,
            by=new.by,
            subscription=subscription,
            approval=new.approval,
            desired=subscription.block,
            parent_id=batch.id,
            carried=True,
            position=position,
        )
        await start(session, one)
    return batch


async def _plan(session: AsyncSession, caller: Caller, checked: Checked, run_id: uuid.UUID) -> Run:
    await must_be_free(session, checked.block)
    new = NewRun(
        target=RunTarget.CREATE,
        by=caller.name,
        title=checked.block.describe(),
        desired=checked.block.values(),
        plan_only=True,
        order={"id": str(run_id), "product": checked.product.slug, "customer": checked.customer.shortcode},
        id=run_id,
    )
    return await start(session, new)


async def _store(session: AsyncSession, checked: Checked) -> Subscription:
    subscription = Subscription(
        product_slug=checked.product.slug,
        customer_id=checked.customer.id,
        description=checked.block.describe(),
        note=checked.note,
        block=checked.block.values(),
    )
    session.add(subscription)
    await session.flush()
    await claim(session, subscription, checked.block)
    for path, target in checked.uses.items():
        session.add(Dependency(subscription_id=subscription.id, path=path, depends_on_id=target.id))
    await session.flush()
    await session.refresh(subscription)
    return subscription


async def product_and_customer(session: AsyncSession, slug: str, customer: str) -> tuple[Product, Customer]:
    """What an order names. Raises Invalid for both fields at once."""
    wrong: list[FieldError] = []
    product, row = PRODUCTS.get(slug), await session.get(ProductRow, slug)
    if product is None or row is None:
        known = ", ".join(sorted(name for name, item in PRODUCTS.items() if item.status == "active"))
        wrong.append(FieldError(field="product", message=f"must be one of {known}"))
    chosen = Customer.shortcode == customer
    with contextlib.suppress(ValueError):  # a shortcode, not an id
        chosen = or_(chosen, Customer.id == uuid.UUID(customer))
    found = await session.scalar(select(Customer).where(chosen))
    if found is None:
        message = f"there is no customer {customer!r}: create it with POST /api/v1/customers"
        wrong.append(FieldError(field="customer", message=message))
    if product is not None and found is not None and (refusal := product.orderable_by(found.shortcode)) is not None:
        wrong.append(refusal)
    if product is None or found is None or wrong:
        raise invalid(wrong)
    return product, found


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
