"""What becomes of a run when its plan was made, or could not be. All of it happens in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Approval, Run, RunStatus, RunTarget
from trunkline.runs import adoption, approval
from trunkline.runs.outcome import Result, subscription_of, why
from trunkline.runs.plan import changes_anything, digest, plan_of
from trunkline.runs.queue import defer
from trunkline.runs.record import now, set_status

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 30.0


async def finish_plan(session: AsyncSession, run: Run, result: Result, shares: Mapping[Run, Result]) -> None:
    """Nothing has been changed yet: a failure needs no rollback. `shares`: the result of each order of a batch."""
    carried = list(shares)
    if run.cancel_requested_by:
        await cancel_before_apply(session, run, carried)
    elif result.error is not None:
        await _not_planned(session, run, carried, result)
    else:
        await _planned(session, run, result, shares)


async def cancel_before_apply(session: AsyncSession, run: Run, carried: list[Run]) -> None:
    """Nothing was changed: the run just ends."""
    detail = f"Cancelled by {run.cancel_requested_by} before anything was changed{why(run)}"
    for each in carried:
        each.cancel_requested_by, each.cancel_reason = run.cancel_requested_by, run.cancel_reason
    await approval.withdraw(session, run, carried, "Cancelled", detail)


async def _not_planned(session: AsyncSession, run: Run, carried: list[Run], result: Result) -> None:
    pause = None
    if result.patience_s:
        run.away_since = run.away_since or now()
        pause = pause_before_next(run.away_since, now(), result.patience_s)
    for each in (run, *carried):
        if pause is None:
            each.error = result.error
            await set_status(session, each, RunStatus.FAILED, error=result.error)
        else:
            again = f"The plan is begun again in {pause:.0f} s."
            await set_status(session, each, RunStatus.QUEUED, error=result.error, message=again)
    if pause is not None:
        await defer(session, run, after_s=pause)


def pause_before_next(since: datetime, moment: datetime, patience_s: float) -> float | None:
    """Seconds until a plan that fails since then is begun again: as many as it has failed for. None: not any more."""
    failing_s = (moment - since) / timedelta(seconds=1)
    pause = min(max(failing_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
    return pause if failing_s + pause <= patience_s else None


async def _planned(session: AsyncSession, run: Run, result: Result, shares: Mapping[Run, Result]) -> None:
    run.away_since = None
    before = run.plan_digest
    for each, part in {run: result, **shares}.items():
        adopts = each.task == adoption.ADOPT
        plan = await adoption.propose(session, each, part.artifacts) if adopts else plan_of(part.artifacts)
        if each.plan is not None and digest(plan) != each.plan_digest:
            each.previous_plan = each.plan
        each.plan, each.plan_digest = plan, digest(plan)
    carried = list(shares)
    if run.plan_only or (run.task == adoption.ADOPT and not adoption.takes_anything(run.plan)):
        await _all(session, run, carried, RunStatus.COMPLETED)
    elif run.target is RunTarget.VALIDATE:
        insync = not changes_anything(plan_of(result.artifacts))
        subscription_of(run).insync = insync
        await set_status(session, run, RunStatus.COMPLETED, insync=insync)
    else:
        await _apply_or_ask(session, run, carried, approved=before if run.approved_by else None)


async def _apply_or_ask(session: AsyncSession, run: Run, carried: list[Run], approved: str | None) -> None:
    """`approved`: the digest of the plan that was approved."""
    if approved is not None and approved == run.plan_digest:
        await _all(session, run, carried, RunStatus.APPLYING)
        await defer(session, run)
        return
    decision = await approval.decide(session, run, carried, run.plan or {})
    if approved is not None:
        message = f"The plan is no longer the one that {run.approved_by} approved: look at both, and approve again."
        await approval.ask(session, run, carried, decision, message=message)
    elif decision.approval is Approval.MANUAL:
        await approval.ask(session, run, carried, decision)
    else:
        await _all(session, run, carried, RunStatus.APPLYING)
        await defer(session, run)


async def _all(session: AsyncSession, run: Run, carried: list[Run], status: RunStatus) -> None:
    for each in (run, *carried):
        await set_status(session, each, status)
