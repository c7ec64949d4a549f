"""Orders: what is checked before anything is stored, and what is stored."""

import contextlib
import hashlib
import json
import uuid

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.auth import Caller
from trunkline.catalog import PRODUCTS, Block, Product
from trunkline.db.models import (
    Approval,
    Claim,
    Customer,
    Dependency,
    IdempotencyKey,
    Lifecycle,
    ProductRow,
    Run,
    RunTarget,
    Subscription,
)
from trunkline.errors import Conflict, Duplicate, FieldError, IllegalTransition, InUse, Invalid, NotFound, invalid
from trunkline.routes.runs.service import start_run
from trunkline.routes.subscriptions.references import resolve
from trunkline.routes.subscriptions.schemas import ModifyIn, OrderIn


async def get(session: AsyncSession, subscription_id: uuid.UUID, lock: bool = False) -> Subscription:
    """The subscription; `lock`: nobody else changes it until the transaction ends. Raises NotFound."""
    query = select(Subscription).where(Subscription.id == subscription_id)
    if lock:
        query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    row = (await session.scalars(query)).unique().one_or_none()
    if row is None:
        raise NotFound(f"There is no subscription {subscription_id}. GET /api/v1/subscriptions lists them.")
    return row


async def order(session: AsyncSession, caller: Caller, body: OrderIn, key: str | None) -> tuple[Run, bool]:
    """The run of a new subscription, and whether the order had been placed before under the same key."""
    run_id = uuid.uuid4()
    if key is not None:
        earlier = await _remember(session, caller, key, body, run_id)
        if earlier is not None:
            return earlier, True
    product, customer = await _product_and_customer(session, body)
    block = product.ordered(body.input)
    named, found = await resolve(session, product, block.values())
    # Once more: two references may turn out to be the same thing when both have their names.
    block = product.ordered(named)
    subscription = Subscription(
        product_slug=product.slug,
        customer_id=customer.id,
        description=block.describe(),
        note=body.note,
        block=block.values(),
    )
    session.add(subscription)
    await session.flush()
    await _claim(session, subscription, block)
    for path, target in found.items():
        session.add(Dependency(subscription_id=subscription.id, path=path, depends_on_id=target.id))
    await session.refresh(subscription)
    run = await start_run(
        session, subscription, RunTarget.CREATE, caller, approval=body.approval, desired=block.values(), run_id=run_id
    )
    return run, False


async def modify(session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, body: ModifyIn) -> Run:
    """The run that brings about the changed values. Raises Invalid, IllegalTransition, Locked."""
    subscription = await get(session, subscription_id, lock=True)
    _must_be(subscription, "modified", Lifecycle.ACTIVE)
    block = PRODUCTS[subscription.product_slug].modified(subscription.block, body.input)
    return await start_run(
        session, subscription, RunTarget.MODIFY, caller, approval=body.approval, desired=block.values()
    )


async def terminate(session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, approval: Approval) -> Run:
    """The run that takes everything away. Raises InUse, IllegalTransition, Locked."""
    subscription = await get(session, subscription_id, lock=True)
    if subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(f"{subscription.description} is terminated already.", subscription=str(subscription.id))
    users = [user for _, user in await in_use_by(session, subscription_id)]
    if users:
        names = ", ".join(sorted({f"{user.description} ({user.id})" for user in users}))
        listed = [{"id": str(user.id), "description": user.description, "status": user.status.value} for user in users]
        raise InUse(f"{subscription.description} is in use by {names}: terminate that first.", in_use_by=listed)
    return await start_run(
        session, subscription, RunTarget.TERMINATE, caller, approval=approval, desired=subscription.block
    )


async def check(session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, target: RunTarget) -> Run:
    """The run that validates or resyncs. Raises IllegalTransition, Locked."""
    subscription = await get(session, subscription_id, lock=True)
    if target is RunTarget.VALIDATE:
        _must_be(subscription, "validated", Lifecycle.ACTIVE)
    else:
        _must_be(subscription, "resynced", Lifecycle.ACTIVE, Lifecycle.PROVISIONING)
    return await start_run(session, subscription, target, caller, approval=Approval.AUTO, desired=subscription.block)


async def in_use_by(session: AsyncSession, subscription_id: uuid.UUID) -> list[tuple[str, Subscription]]:
    """The living subscriptions that refer to this one, with the path of the reference."""
    query = (
        select(Dependency.path, Subscription)
        .join(Subscription, Subscription.id == Dependency.subscription_id)
        .where(Dependency.depends_on_id == subscription_id)
        .order_by(Subscription.description, Dependency.path)
    )
    return [(path, row) for path, row in (await session.execute(query)).unique()]


async def depends_on(session: AsyncSession, subscription_id: uuid.UUID) -> list[tuple[str, Subscription]]:
    """What this one refers to, with the path of the reference."""
    query = (
        select(Dependency.path, Subscription)
        .join(Subscription, Subscription.id == Dependency.depends_on_id)
        .where(Dependency.subscription_id == subscription_id)
        .order_by(Dependency.path)
    )
    return [(path, row) for path, row in (await session.execute(query)).unique()]


def _must_be(subscription: Subscription, what: str, *states: Lifecycle) -> None:
    if subscription.status not in states:
        remedy = (
            "retry its last run, or terminate it" if subscription.status is Lifecycle.INITIAL else "wait, or resync it"
        )
        if subscription.status is Lifecycle.TERMINATED:
            remedy = "order a new one"
        raise IllegalTransition(
            f"{subscription.description} is {subscription.status} and cannot be {what}: {remedy}.",
            subscription=str(subscription.id),
        )


async def _product_and_customer(session: AsyncSession, body: OrderIn) -> tuple[Product, Customer]:
    wrong = []
    product, row = PRODUCTS.get(body.product), await session.get(ProductRow, body.product)
    if product is None or row is None or row.status != "active":
        wrong.append(FieldError(field="product", message=f"must be one of {', '.join(sorted(PRODUCTS))}"))
    chosen = Customer.shortcode == body.customer
    with contextlib.suppress(ValueError):  # a shortcode, not an id
        chosen = or_(chosen, Customer.id == uuid.UUID(body.customer))
    customer = await session.scalar(select(Customer).where(chosen))
    if customer is None:
        message = f"there is no customer {body.customer!r}: create it with POST /api/v1/customers"
        wrong.append(FieldError(field="customer", message=message))
    if product is None or customer is None or wrong:
        raise invalid(wrong)
    return product, customer


async def _claim(session: AsyncSession, subscription: Subscription, block: Block) -> None:
    wanted = block.claims()
    statement = insert(Claim).values([{"what": what, "subscription_id": subscription.id} for what in sorted(wanted)])
    got = set(await session.scalars(statement.on_conflict_do_nothing().returning(Claim.what)))
    taken = [what for what in wanted if what not in got]
    if taken:
        query = select(Subscription).join(Claim, Claim.subscription_id == Subscription.id).where(Claim.what == taken[0])
        holder = (await session.scalars(query)).unique().one_or_none()
        if holder is None:
            raise Conflict(f"The {taken[0]} was just given back: send the order again.")
        raise Duplicate(
            f"The {taken[0]} belongs to {holder.description} ({holder.status}): use that, or terminate it first.",
            subscription=str(holder.id),
            claim=taken[0],
        )


async def _remember(session: AsyncSession, caller: Caller, key: str, body: OrderIn, run_id: uuid.UUID) -> Run | None:
    """Note the key for this order; if it was used before, the run of then. Raises Invalid for another order's key."""
    digest = hashlib.sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    statement = insert(IdempotencyKey).values(created_by=caller.name, key=key, request_digest=digest, run_id=run_id)
    # Waits for another request with this key that is not yet committed.
    noted = await session.scalar(statement.on_conflict_do_nothing().returning(IdempotencyKey.key))
    if noted is not None:
        return None
    earlier = await session.get(IdempotencyKey, (caller.name, key))
    if earlier is None:
        raise Conflict("Another request with this Idempotency-Key is under way: send it again.")
    if earlier.request_digest != digest:
        raise Invalid(f"Idempotency-Key {key!r} was used for another order: choose a new key for a new order.")
    return await session.get_one(Run, earlier.run_id)
