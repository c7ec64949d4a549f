"""What becomes of a run and its subscription when a stage has ended. All of it happens in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.catalog import PRODUCTS, Values
from trunkline.catalog.block import at_stage
from trunkline.db.models import (
    JsonObject,
    Lifecycle,
    OnFailure,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)
from trunkline.lifecycle import IN_SERVICE, move
from trunkline.runs import adoption
from trunkline.runs.claims import release
from trunkline.runs.policy import Decision
from trunkline.runs.queue import defer
from trunkline.runs.record import now, set_status
from trunkline.runs.tasks import TASKS


@dataclass(frozen=True)
class Result:
    """How a stage ended: no error means well. `artifacts`: what its playbook gave to set_stats.

    `patience_s`: of a plan or rollback that failed because something did not answer, for how long it is begun again.
    `unfinished`: it did what could be done now, and is to be begun again in a while.
    """

    artifacts: JsonObject = field(default_factory=dict)
    error: JsonObject | None = None
    cancelled: bool = False
    patience_s: float = 0
    unfinished: bool = False
    netbox_requests: int = 0
    pushes_s: Sequence[float] = ()


_LEARN = (RunTarget.CREATE, RunTarget.MODIFY, RunTarget.RESYNC)
HALF_DONE = (
    "NetBox and the routers may have some of it: roll the run back again, retry it, or resync or terminate the "
    "subscription."
)
CANCELLED: JsonObject = {"title": "Cancelled", "detail": "The playbook was stopped.", "host": None, "task": None}


async def finish_apply(session: AsyncSession, run: Run, result: Result) -> None:
    """Take over what was learned, or begin to roll back."""
    error = result.error
    if error is None and run.target in _LEARN:
        error = _activate(run, result)
    if error is None and run.task == adoption.ADOPT:
        error = await adoption.take_over(session, run, result.artifacts)
    if error is None:
        if run.target is RunTarget.TERMINATE:
            await terminate(session, run)
        else:
            await set_status(session, run, RunStatus.COMPLETED)
        return
    wanted = run.cancel_requested_by is not None
    if result.cancelled and wanted:
        error = error | {"detail": f"Cancelled by {run.cancel_requested_by} while it was being applied{why(run)}"}
    run.error = error
    if not wanted and on_failure(run) is OnFailure.HOLD:
        if run.subscription is not None:
            run.subscription.insync = False
        await set_status(session, run, RunStatus.HELD, error=error)
        return
    if can_roll_back(run):
        # It has been heard: whoever cancels from here on means the rollback.
        run.cancel_requested_by = run.cancel_reason = None
        await set_status(session, run, RunStatus.ROLLING_BACK, error=error)
        await defer(session, run)
        return
    if run.subscription is not None:
        run.subscription.insync = False
    await set_status(session, run, RunStatus.CANCELLED if result.cancelled else RunStatus.FAILED, error=error)


def on_failure(run: Run) -> OnFailure:
    """What the policies say of an apply that fails; without any it is rolled back."""
    decision = Decision.of(run)
    return OnFailure.ROLLBACK if decision is None else decision.on_failure


def why(run: Run) -> str:
    """The end of a sentence that says who stopped the run."""
    return f": {run.cancel_reason.rstrip('.')}." if run.cancel_reason else "."


def subscription_of(run: Run) -> Subscription:
    """The subscription of a run that cannot be without one."""
    if run.subscription is None:
        raise RuntimeError(f"run {run.id} ({run.target}) has no subscription")
    return run.subscription


def can_roll_back(run: Run) -> bool:
    """Whether there are previous values to go back to."""
    if run.target in (RunTarget.CREATE, RunTarget.MODIFY, RunTarget.BATCH):
        return True
    if run.target is RunTarget.TASK:
        return TASKS[str(run.task)].undo_playbook is not None
    return run.target is RunTarget.TERMINATE and subscription_of(run).status in IN_SERVICE


def _learned(run: Run, result: Result) -> Values:
    """The block complete with what the playbook found. Raises ValueError naming what it left out."""
    found = cast("JsonObject", result.artifacts.get("subscription") or {})
    product = PRODUCTS[subscription_of(run).product_slug]
    return product.learned(run.desired, cast("Values", found.get("block") or {}))


def lacks(run: Run, result: Result) -> JsonObject | None:
    """What stands against activating the subscription."""
    try:
        _learned(run, result)
    except ValueError as error:
        return {"title": "Playbook reported incomplete values", "detail": str(error), "host": None, "task": None}
    return None


def _activate(run: Run, result: Result) -> JsonObject | None:
    """The subscription takes the desired and the learned values; returns what stands against it."""
    lacking = lacks(run, result)
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
        failed = f"Rolling back failed as well: {result.error['detail']}"
        if result.cancelled and run.cancel_requested_by:
            failed = f"The rollback was stopped by {run.cancel_requested_by}{why(run)} {HALF_DONE}"
        detail = f"{first.get('detail')} {failed}"
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
    await release(session, subscription.id)
    await set_status(session, run, RunStatus.COMPLETED)


async def carried_by(session: AsyncSession, run: Run) -> list[Run]:
    """The runs of a batch, their rows locked; of another run none."""
    if run.target is not RunTarget.BATCH:
        return []
    query = select(Run).where(Run.parent_id == run.id, Run.carried).order_by(Run.id)
    query = query.with_for_update(of=Run).execution_options(populate_existing=True)
    return list((await session.scalars(query)).unique())
