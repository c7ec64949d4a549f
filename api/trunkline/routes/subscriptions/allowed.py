"""What can be done with a subscription now, and what stands against the rest."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller, Role
from trunkline.catalog import PRODUCTS, Target
from trunkline.catalog.block import changeable_paths
from trunkline.db.models import Subscription
from trunkline.errors import IllegalTransition, Problem
from trunkline.lifecycle import must_be_in_service
from trunkline.routes.subscriptions import service
from trunkline.routes.subscriptions.schemas import AllowedWorkflow
from trunkline.runs.start import refuse_while_locked


async def allowed(session: AsyncSession, caller: Caller, subscription: Subscription) -> list[AllowedWorkflow]:
    """Each workflow of the subscription, with the refusal that it would meet."""
    product = PRODUCTS[subscription.product_slug]
    return [
        AllowedWorkflow(
            name=workflow.name, target=workflow.target, reason=await _refusal(session, caller, subscription, check)
        )
        for workflow in product.workflows
        if (check := _CHECKS.get(workflow.target)) is not None
    ]


type Check = Callable[[AsyncSession, Subscription], Awaitable[None]]


async def _refusal(session: AsyncSession, caller: Caller, subscription: Subscription, check: Check) -> str | None:
    try:
        caller.must(Role.OPERATOR, subscription.product_slug, subscription.customer.shortcode)
        await check(session, subscription)
        await refuse_while_locked(session, subscription)
    except Problem as problem:
        return problem.detail
    return None


async def _modify(_session: AsyncSession, subscription: Subscription) -> None:
    must_be_in_service(subscription, "modified")
    if not changeable_paths(PRODUCTS[subscription.product_slug].block):
        raise IllegalTransition("Nothing of it can be changed: order a new one instead.")


async def _validate(_session: AsyncSession, subscription: Subscription) -> None:
    must_be_in_service(subscription, "validated")


async def _resync(_session: AsyncSession, subscription: Subscription) -> None:
    service.must_not_be_terminated(subscription)


_CHECKS: dict[Target, Check] = {
    "modify": _modify,
    "validate": _validate,
    "resync": _resync,
    "terminate": service.must_not_be_in_use,
}
