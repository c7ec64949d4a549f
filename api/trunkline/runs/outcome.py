"""What becomes of a run and its subscription when a stage has ended. All of it happens in the caller's transaction."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import PRODUCTS, Values
from trunkline.catalog.block import at_stage
from trunkline.db.models import (
    Approval,
    Claim,
    Dependency,
    JsonObject,
    Lifecycle,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)
from trunkline.lifecycle import IN_SERVICE, move
from trunkline.runs.queue import defer
from trunkline.runs.record import now, set_status


@dataclass(frozen=True)
class Result:
    """How a stage ended: no error means well. `artifacts`: what its playbook gave to set_stats.

    `unfinished`: it did what could be done now, and is to be begun again in a while.
    """

    artifacts: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None
    cancelled: bool = False
    unfinished: bool = False
    netbox_requests: int = 0
    pushes_s: Sequence[float] = ()


_LEARN = (RunTarget.CREATE, RunTarget.MODIFY, RunTarget.RESYNC)
CANCELLED: JsonObject = {"title": "Cancelled", "detail": "The playbook was stopped.", "host": None, "task": None}


def plan_of(artifacts: JsonObject) -> JsonObject:
    """The plan that a playbook reported: NetBox operations, and a diff for each device that would change."""
    reported = cast("JsonObject", artifacts.get("plan") or {})
    devices = cast("JsonObject", reported.get("devices") or {})
    return {
        "netbox": list(cast("list[object]", reported.get("netbox") or [])),
        "devices": {name: diff for name, diff in sorted(devices.items()) if diff},
    }


def digest(plan: JsonObject) -> str:
    """The same for the same plan, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def changes_anything(plan: JsonObject) -> bool:
    """Whether the plan has any operation or diff."""
    return bool(plan["netbox"] or plan["devices"])


async def finish_plan(session: AsyncSession, run: Run, result: Result) -> None:
    """Nothing has been changed yet: a failure needs no rollback."""
    if run.cancel_requested_by:
        await cancel_before_apply(session, run)
        return
    if result.error is not None:
        run.error = result.error
        await set_status(session, run, RunStatus.FAILED, error=result.error)
        return
    run.plan = plan_of(result.artifacts)
    run.plan_digest = digest(run.plan)
    if run.plan_only:
        await set_status(session, run, RunStatus.COMPLETED)
    elif run.target is RunTarget.VALIDATE:
        insync = not changes_anything(run.plan)
        subscription_of(run).insync = insync
        await set_status(session, run, RunStatus.COMPLETED, insync=insync)
    elif run.approval is Approval.MANUAL:
        await set_status(session, run, RunStatus.AWAITING_APPROVAL)
    else:
        await set_status(session, run, RunStatus.APPLYING)
        await defer(session, run)


async def finish_apply(session: AsyncSession, run: Run, result: Result) -> None:
    """Take over what was learned, or begin to roll back."""
    error = result.error
    if error is None and run.target in _LEARN:
        error = _activate(run, result)
    if error is None:
        if run.target is RunTarget.TERMINATE:
            await terminate(session, run)
        else:
            await set_status(session, run, RunStatus.COMPLETED)
        return
    if result.cancelled and run.cancel_requested_by:
        error = error | {"detail": f"Cancelled by {run.cancel_requested_by} while it was being applied."}
    run.error = error
    if can_roll_back(run):
        await set_status(session, run, RunStatus.ROLLING_BACK, error=error)
        await defer(session, run)
        return
    if run.subscription is not None:
        run.subscription.insync = False
    await set_status(session, run, RunStatus.CANCELLED if result.cancelled else RunStatus.FAILED, error=error)


def subscription_of(run: Run) -> Subscription:
    """The subscription of a run that cannot be without one."""
    if run.subscription is None:
        raise RuntimeError(f"run {run.id} ({run.target}) has no subscription")
    return run.subscription


def can_roll_back(run: Run) -> bool:
    """Whether there are previous values to go back to."""
    if run.target in (RunTarget.CREATE, RunTarget.MODIFY, RunTarget.BATCH):
        return True
    return run.target is RunTarget.TERMINATE and subscription_of(run).status in IN_SERVICE


def _learned(run: Run, result: Result) -> Values:
    """The block complete with what the playbook found. Raises ValueError naming what it left out."""
    found = cast("JsonObject", result.artifacts.get("subscription") or {})
    product = PRODUCTS[subscription_of(run).product_slug]
    return product.learned(run.desired, cast("Values", found.get("block") or {}))


def _lacks(run: Run, result: Result) -> JsonObject | None:
    """What stands against activating the subscription."""
    try:
        _learned(run, result)
    except ValueError as error:
        return {"title": "Playbook reported incomplete values", "detail": str(error), "host": None, "task": None}
    return None


def _activate(run: Run, result: Result) -> JsonObject | None:
    """The subscription takes the desired and the learned values; returns what stands against it."""
    lacking = _lacks(run, result)
    if lacking is not None:
        return lacking
    subscription, block = subscription_of(run), _learned(run, result)
    product = PRODUCTS[subscription.product_slug]
    subscription.block = block
    subscription.description = at_stage(product.block, "active").model_validate(block).describe()
    subscription.insync = True
    # What is disabled stays so when it is resynced: only an order says otherwise.
    stays = subscription.status in IN_SERVICE
    move(subscription, run.desired_status or (subscription.status if stays else Lifecycle.ACTIVE))
    subscription.start_date = subscription.start_date or now()
    return None


async def finish_rollback(session: AsyncSession, run: Run, result: Result) -> None:
    """All is as before the run, or it is said that it is not."""
    if result.error is not None:
        first = run.error or {}
        detail = f"{first.get('detail')} Rolling back failed as well: {result.error['detail']}"
        run.error = first | {"detail": detail, "rollback": result.error}
        if run.subscription is not None:
            run.subscription.insync = False
        await set_status(session, run, RunStatus.FAILED, error=run.error)
        return
    subscription = run.subscription
    if subscription is None:
        await set_status(session, run, RunStatus.ROLLED_BACK)
        return
    if run.target is RunTarget.CREATE:
        subscription.block = PRODUCTS[subscription.product_slug].unlearned(run.desired)
        subscription.touched = False
        move(subscription, Lifecycle.INITIAL)
    else:
        subscription.block = run.before
        subscription.insync = True
    await set_status(session, run, RunStatus.ROLLED_BACK)


async def terminate(session: AsyncSession, run: Run) -> None:
    """Everything is gone: others may take what the subscription held."""
    subscription = subscription_of(run)
    move(subscription, Lifecycle.TERMINATED)
    subscription.touched, subscription.insync, subscription.end_date = False, True, now()
    await session.execute(delete(Claim).where(Claim.subscription_id == subscription.id))
    await session.execute(delete(Dependency).where(Dependency.subscription_id == subscription.id))
    await set_status(session, run, RunStatus.COMPLETED)


async def cancel_before_apply(session: AsyncSession, run: Run) -> None:
    """Nothing was changed: the run just ends."""
    run.error = {
        "title": "Cancelled",
        "detail": f"Cancelled by {run.cancel_requested_by} before anything was changed.",
        "host": None,
        "task": None,
    }
    await set_status(session, run, RunStatus.CANCELLED, error=run.error)


async def give_up(session: AsyncSession, run: Run, stage: str) -> None:
    """The stage was begun too often and never ended: its workers died, or it fails for a reason of ours."""
    error: JsonObject = {
        "title": "Given up",
        "detail": f"Stage {stage} was begun {run.stage_attempts} times and never ended; the workers' log says why.",
        "host": None,
        "task": None,
    }
    run.stage_attempts = 0
    await finish(session, run, stage, Result(error=error))


async def finish(session: AsyncSession, run: Run, stage: str, result: Result) -> None:
    """Write what came of the stage, for the run and for those that it carries: all of them end alike."""
    carried = await carried_by(session, run)
    shares = {member.id: share(member, result) for member in carried}
    if stage == "apply" and result.error is None:
        # All or none: one order that learned too little takes the others back with it.
        wrong = [error for member in carried if (error := _lacks(member, shares[member.id])) is not None]
        if wrong:
            result = Result(artifacts=result.artifacts, error=wrong[0])
            shares = dict.fromkeys(shares, result)
    await _FINISH[stage](session, run, result)
    for member in carried:
        await _FINISH[stage](session, member, shares[member.id])


async def carried_by(session: AsyncSession, run: Run) -> list[Run]:
    """The runs of a batch, their rows locked; of another run none."""
    if run.target is not RunTarget.BATCH:
        return []
    query = select(Run).where(Run.parent_id == run.id, Run.carried).order_by(Run.id)
    query = query.with_for_update(of=Run).execution_options(populate_existing=True)
    return list((await session.scalars(query)).unique())


def share(member: Run, result: Result) -> Result:
    """A batch's result as far as it concerns one of its orders."""
    key = str(member.subscription_id)
    learned = cast("JsonObject", result.artifacts.get("subscriptions") or {}).get(key) or {}
    operations = [
        operation
        for operation in cast("list[JsonObject]", plan_of(result.artifacts)["netbox"])
        if operation.get("subscription") == key
    ]
    artifacts: JsonObject = {"subscription": {"block": learned}, "plan": {"netbox": operations, "devices": {}}}
    return replace(result, artifacts=artifacts)


_FINISH: dict[str, Callable[[AsyncSession, Run, Result], Awaitable[None]]] = {
    "plan": finish_plan,
    "apply": finish_apply,
    "rollback": finish_rollback,
}
