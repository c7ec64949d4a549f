"""What is done with subscriptions: looked at, changed, terminated, validated, resynced."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.catalog import PRODUCTS, Block, Values
from trunkline.catalog.block import references_in
from trunkline.catalog.values import flatten
from trunkline.db.history import acting
from trunkline.db.models import Approval, Dependency, Lifecycle, Run, RunTarget, Subscription
from trunkline.errors import FieldError, IllegalTransition, InUse, NotFound, invalid
from trunkline.lifecycle import IN_SERVICE, TRANSITIONS, must_be_in_service
from trunkline.routes.etags import must_match
from trunkline.routes.subscriptions.references import resolve
from trunkline.routes.subscriptions.schemas import ModifyIn, subscription_out
from trunkline.runs.claims import must_be_free
from trunkline.runs.start import NewRun, start


async def get(session: AsyncSession, subscription_id: uuid.UUID) -> Subscription:
    """The subscription. Raises NotFound."""
    query = select(Subscription).where(Subscription.id == subscription_id)
    return _found((await session.scalars(query)).unique().one_or_none(), subscription_id)


async def lock(session: AsyncSession, subscription_id: uuid.UUID, if_match: str | None) -> Subscription:
    """The subscription, which nobody else changes until the transaction ends. Raises NotFound, PreconditionFailed."""
    query = select(Subscription).where(Subscription.id == subscription_id)
    query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    row = _found((await session.scalars(query)).unique().one_or_none(), subscription_id)
    must_match(if_match, subscription_out(row))
    return row


def _found(row: Subscription | None, subscription_id: uuid.UUID) -> Subscription:
    if row is None:
        raise NotFound(f"There is no subscription {subscription_id}. GET /api/v1/subscriptions lists them.")
    return row


async def modify(session: AsyncSession, caller: Caller, subscription: Subscription, body: ModifyIn) -> Run | None:
    """Note and end date at once; for input and status the run that brings them about.

    Raises Invalid, IllegalTransition, Locked.
    """
    if not body.model_fields_set & {"input", "status", "note", "end_date"}:
        message = "give at least one of input, status, note and end_date"
        raise invalid([FieldError(field="input", message=message)])
    run = await _changing_run(session, caller, subscription, body)
    if body.plan_only:
        return run
    if run is None:
        await acting(session, caller.name)
    if body.note is not None:
        subscription.note = body.note
    if "end_date" in body.model_fields_set:
        subscription.end_date = _end_date(subscription, body)
    await session.flush()
    await session.refresh(subscription)
    return run


async def _changing_run(
    session: AsyncSession, caller: Caller, subscription: Subscription, body: ModifyIn
) -> Run | None:
    if body.input is None and body.status is None:
        if body.plan_only:
            raise invalid([FieldError(field="plan_only", message="there is nothing to plan: give input or status")])
        return None
    must_be_in_service(subscription, "modified")
    if body.status is not None and body.status not in TRANSITIONS[subscription.status] | {subscription.status}:
        raise IllegalTransition(
            f"{subscription.description} is {subscription.status} and cannot become {body.status}.",
            subscription=str(subscription.id),
        )
    product = PRODUCTS[subscription.product_slug]
    block = subscription.block
    if body.input is not None:
        block = await _changed(session, subscription, product.modified(block, body.input), plan_only=body.plan_only)
    new = NewRun(
        target=RunTarget.MODIFY,
        by=caller.name,
        subscription=subscription,
        approval=body.approval,
        desired=block,
        desired_status=Lifecycle(body.status) if body.status else None,
        plan_only=body.plan_only,
    )
    return await start(session, new)


async def _changed(session: AsyncSession, subscription: Subscription, wanted: Block, *, plan_only: bool) -> Values:
    """The values of a changed block. Raises Duplicate, Invalid, Conflict, Locked for what it refers to."""
    product, values = PRODUCTS[subscription.product_slug], wanted.values()
    here, there = (references_in(product.block, block) for block in (subscription.block, values))
    before, after = flatten(subscription.block), flatten(values)
    if {str(before[path]) for path in here} != {str(after[path]) for path in there}:
        values, _ = await resolve(session, product, values)
        wanted = product.block.model_validate(values)
    if plan_only:
        await must_be_free(session, wanted, subscription.id)
    return values


def _end_date(subscription: Subscription, body: ModifyIn) -> datetime | None:
    if subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(f"{subscription.description} is terminated: its end date stays what it was.")
    if body.end_date and subscription.start_date and body.end_date < subscription.start_date:
        message = f"must not be before the start date, {subscription.start_date.isoformat()}"
        raise invalid([FieldError(field="end_date", message=message)])
    return body.end_date


async def terminate(
    session: AsyncSession,
    caller: Caller,
    subscription: Subscription,
    *,
    approval: Approval,
    plan_only: bool,
    skip_devices: bool,
) -> Run:
    """The run that takes everything away. Raises InUse, IllegalTransition, Locked."""
    await must_not_be_in_use(session, subscription)
    new = NewRun(
        target=RunTarget.TERMINATE,
        by=caller.name,
        subscription=subscription,
        approval=approval,
        desired=subscription.block,
        plan_only=plan_only,
        skip_devices=skip_devices,
    )
    return await start(session, new)


async def validate(session: AsyncSession, caller: Caller, subscription: Subscription) -> Run:
    """The run that looks for drift. Raises IllegalTransition, Locked."""
    must_be_in_service(subscription, "validated")
    new = NewRun(target=RunTarget.VALIDATE, by=caller.name, subscription=subscription, desired=subscription.block)
    return await start(session, new)


async def resync(session: AsyncSession, caller: Caller, subscription: Subscription, *, plan_only: bool) -> Run:
    """The run that applies what the subscription says. Raises IllegalTransition, Locked."""
    must_not_be_terminated(subscription)
    # What never came into service is created once more.
    in_service = subscription.status in IN_SERVICE
    new = NewRun(
        target=RunTarget.RESYNC if in_service else RunTarget.CREATE,
        by=caller.name,
        subscription=subscription,
        desired=subscription.block,
        plan_only=plan_only,
    )
    return await start(session, new)


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


async def must_not_be_in_use(session: AsyncSession, subscription: Subscription) -> None:
    """Raises InUse with the list of those that depend on it; IllegalTransition when it is terminated already."""
    if subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(f"{subscription.description} is terminated already.", subscription=str(subscription.id))
    users = [user for _, user in await in_use_by(session, subscription.id)]
    if users:
        names = ", ".join(sorted({f"{user.description} ({user.id})" for user in users}))
        listed = [{"id": str(user.id), "description": user.description, "status": user.status.value} for user in users]
        raise InUse(f"{subscription.description} is in use by {names}: terminate that first.", in_use_by=listed)


def must_not_be_terminated(subscription: Subscription) -> None:
    """Raises IllegalTransition, with what can be done instead."""
    if subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(
            f"{subscription.description} is terminated: order a new one.", subscription=str(subscription.id)
        )
