"""Take a report over: what is checked, and what is written."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.catalog import Block, Product, Values
from trunkline.db.history import acting
from trunkline.db.models import (
    Approval,
    Dependency,
    Lifecycle,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)
from trunkline.errors import Conflict, FieldError, IllegalTransition, InUse, NotFound, invalid
from trunkline.lifecycle import IN_SERVICE, move
from trunkline.routes.reports.schemas import ReportIn
from trunkline.routes.subscriptions.orders import product_and_customer
from trunkline.routes.subscriptions.references import resolve
from trunkline.routes.subscriptions.service import in_use_by
from trunkline.runs.claims import claim, release
from trunkline.runs.outcome import Result, finish_apply, terminate
from trunkline.runs.plan import digest, plan_of
from trunkline.runs.record import add_note, now
from trunkline.runs.start import refuse_while_locked


async def report(
    session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, body: ReportIn
) -> tuple[Subscription, Run | None]:
    """The subscription as reported, and the run that keeps the report; None when nothing was new.

    Raises Invalid, NotFound, Conflict, Duplicate, InUse, IllegalTransition, Locked.
    """
    # Also of a subscription that is not there yet: two first reports take turns.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(str(subscription_id), 0))
    await session.execute(select(lock))
    query = select(Subscription).where(Subscription.id == subscription_id)
    query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    subscription = (await session.scalars(query)).unique().one_or_none()
    if subscription is not None:
        if body.product not in (subscription.product_slug, ""):
            raise Conflict(
                f"{subscription.description} is a {subscription.product_slug}, not a {body.product}: "
                "a subscription keeps its product, and another one needs another id.",
                subscription=str(subscription.id),
            )
        await refuse_while_locked(session, subscription)
    take = _terminated if body.status == "terminated" else _in_service
    subscription, run = await take(session, caller, subscription_id, subscription, body)
    await session.flush()
    await session.refresh(subscription)
    return subscription, run


async def _terminated(
    session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, subscription: Subscription | None, body: ReportIn
) -> tuple[Subscription, Run | None]:
    if subscription is None:
        raise NotFound(f"There is no subscription {subscription_id}, so nothing to terminate.")
    if subscription.status is Lifecycle.TERMINATED:
        return subscription, None
    if users := sorted({user.description for _, user in await in_use_by(session, subscription.id)}):
        raise InUse(f"{subscription.description} is in use by {', '.join(users)}: terminate that first.")
    run = await _run(session, caller, subscription, RunTarget.TERMINATE, subscription.block, body)
    await terminate(session, run)
    return subscription, run


async def _in_service(
    session: AsyncSession, caller: Caller, subscription_id: uuid.UUID, subscription: Subscription | None, body: ReportIn
) -> tuple[Subscription, Run | None]:
    product, customer = await product_and_customer(session, body.product, body.customer)
    given = _without_fixed(product, body.block)
    block = product.ordered(product.unlearned(given))
    try:
        complete = product.learned(block.values(), given)
    except ValueError as error:
        raise invalid([FieldError(field="block", message=str(error))]) from None
    status = Lifecycle(body.status)
    if subscription is not None and subscription.status is Lifecycle.TERMINATED:
        raise IllegalTransition(f"{subscription.description} is terminated: order it again under a new id.")
    if subscription is not None and (subscription.status, subscription.block) == (status, complete):
        subscription.insync = True
        return subscription, None
    _, uses = await resolve(session, product, block.values())
    await acting(session, caller.name)
    target = RunTarget.MODIFY
    if subscription is None:
        subscription = Subscription(
            id=subscription_id,
            product_slug=product.slug,
            customer_id=customer.id,
            description=block.describe(),
            note="",
            block=block.values(),
        )
        session.add(subscription)
        await session.flush()
        await session.refresh(subscription)
    if subscription.status not in IN_SERVICE:
        target = RunTarget.CREATE
        move(subscription, Lifecycle.PROVISIONING)
        move(subscription, Lifecycle.ACTIVE)
    await _hold(session, subscription, block, uses)
    run = await _run(session, caller, subscription, target, block.values(), body)
    run.desired_status = status
    await finish_apply(session, run, Result(artifacts={"subscription": {"block": given}}))
    return subscription, run


async def _hold(session: AsyncSession, subscription: Subscription, block: Block, uses: dict[str, Subscription]) -> None:
    """What the reported block claims and refers to, in place of what was held before."""
    await release(session, subscription.id)
    await claim(session, subscription, block)
    for path, used in uses.items():
        session.add(Dependency(subscription_id=subscription.id, path=path, depends_on_id=used.id))


def _without_fixed(product: Product, block: Values) -> Values:
    """The block without the product's fixed inputs, which the playbooks get with it. Raises Invalid for others."""
    wrong = [
        FieldError(field=f"block.{name}", message=f"is {block[name]!r}, and of {product.slug} always {value!r}")
        for name, value in product.fixed_inputs.items()
        if name in block and block[name] != value
    ]
    if wrong:
        raise invalid(wrong)
    return {name: value for name, value in block.items() if name not in product.fixed_inputs}


async def _run(
    session: AsyncSession,
    caller: Caller,
    subscription: Subscription,
    target: RunTarget,
    desired: Values,
    body: ReportIn,
) -> Run:
    """The run that keeps the report: it was done elsewhere, and is only closed here."""
    plan = plan_of({"plan": body.plan.model_dump()})
    run = Run(
        id=uuid.uuid4(),
        subscription=subscription,
        title=subscription.description,
        target=target,
        status=RunStatus.VERIFYING,
        approval=Approval.AUTO,
        before=subscription.block,
        desired=desired,
        plan=plan,
        plan_digest=digest(plan),
        created_by=caller.name,
        started_at=now(),
    )
    subscription.touched = True
    session.add(run)
    await session.flush()
    await acting(session, caller.name, run.id)
    await add_note(session, run, f"Reported by {body.by or caller.name}: done by a playbook that was run directly.")
    return run
