"""What becomes of a run and its subscription when a stage has ended. All of it happens in the caller's transaction."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import PRODUCTS, Values
from trunkline.catalog.block import at_stage
from trunkline.db.models import Approval, Claim, Dependency, JsonObject, Lifecycle, Run, RunStatus, RunTarget
from trunkline.lifecycle import move
from trunkline.runs.queue import defer
from trunkline.runs.record import now, set_status


@dataclass(frozen=True)
class Result:
    """How a playbook ended: no error means well. `artifacts`: what it gave to set_stats."""

    artifacts: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None
    cancelled: bool = False


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
    if run.target is RunTarget.VALIDATE:
        run.subscription.insync = not changes_anything(run.plan)
        await set_status(session, run, RunStatus.COMPLETED, insync=run.subscription.insync)
    elif run.approval is Approval.MANUAL:
        await set_status(session, run, RunStatus.AWAITING_APPROVAL)
    else:
        await set_status(session, run, RunStatus.APPLYING)
        await defer(session, run)


async def finish_apply(session: AsyncSession, run: Run, result: Result) -> None:
    """Take over what was learned, or begin to roll back."""
    error = result.error
    if error is None and run.target is not RunTarget.TERMINATE:
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
    run.subscription.insync = False
    await set_status(session, run, RunStatus.CANCELLED if result.cancelled else RunStatus.FAILED, error=error)


def can_roll_back(run: Run) -> bool:
    """Whether there are previous values to go back to."""
    if run.target in (RunTarget.CREATE, RunTarget.MODIFY):
        return True
    return run.target is RunTarget.TERMINATE and run.subscription.status is Lifecycle.ACTIVE


def _activate(run: Run, result: Result) -> JsonObject | None:
    """The subscription takes the desired and the learned values; returns what stands against it."""
    subscription, product = run.subscription, PRODUCTS[run.subscription.product_slug]
    found = cast("JsonObject", result.artifacts.get("subscription") or {})
    try:
        block = product.learned(run.desired, cast("Values", found.get("block") or {}))
    except ValueError as error:
        return {"title": "Playbook reported incomplete values", "detail": str(error), "host": None, "task": None}
    subscription.block = block
    subscription.description = at_stage(product.block, "active").model_validate(block).describe()
    subscription.insync = True
    move(subscription, Lifecycle.ACTIVE)
    subscription.start_date = subscription.start_date or now()
    return None


async def finish_rollback(session: AsyncSession, run: Run, result: Result) -> None:
    """All is as before the run, or it is said that it is not."""
    subscription = run.subscription
    if result.error is not None:
        first = run.error or {}
        detail = f"{first.get('detail')} Rolling back failed as well: {result.error['detail']}"
        run.error = first | {"detail": detail, "rollback": result.error}
        subscription.insync = False
        await set_status(session, run, RunStatus.FAILED, error=run.error)
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
    subscription = run.subscription
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
    finish = finish_plan if stage == "plan" else finish_apply if stage == "apply" else finish_rollback
    await finish(session, run, Result(error=error))


FINISH: dict[str, Callable[[AsyncSession, Run, Result], Awaitable[None]]] = {
    "plan": finish_plan,
    "apply": finish_apply,
    "rollback": finish_rollback,
}
