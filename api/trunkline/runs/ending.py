"""The end of a stage: what came of it is written for the run, and for those that it carries, in the caller's
transaction.
"""

from dataclasses import replace
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import JsonObject, Run
from trunkline.runs.outcome import Result, carried_by, finish_apply, finish_rollback, lacks
from trunkline.runs.plan import plan_of
from trunkline.runs.planned import finish_plan, pause_before_next
from trunkline.runs.queue import defer
from trunkline.runs.record import add_note, now


async def finish(session: AsyncSession, run: Run, stage: str, result: Result) -> None:
    """Write what came of the stage: all that a batch carries ends alike."""
    carried = await carried_by(session, run)
    shares = {member: share(member, result) for member in carried}
    if stage == "plan":
        await finish_plan(session, run, result, shares)
        return
    if stage == "apply" and result.error is None:
        # All or none: one order that learned too little takes the others back with it.
        wrong = [error for member in carried if (error := lacks(member, shares[member])) is not None]
        if wrong:
            result = Result(artifacts=result.artifacts, error=wrong[0])
            shares = dict.fromkeys(shares, result)
    if stage == "rollback" and await _rolled_back_later(session, run, result):
        return
    finish_one = finish_apply if stage == "apply" else finish_rollback
    await finish_one(session, run, result)
    for member in carried:
        await finish_one(session, member, shares[member])


async def _rolled_back_later(session: AsyncSession, run: Run, result: Result) -> bool:
    """Whether the rollback is begun again, because NetBox or a router was away: nothing else puts things right."""
    if result.error is None or not result.patience_s:
        run.away_since = None
        return False
    run.away_since = run.away_since or now()
    pause = pause_before_next(run.away_since, now(), result.patience_s)
    if pause is None:
        run.away_since = None
        return False
    await add_note(session, run, f"The rollback is begun again in {pause:.0f} s: {result.error['detail']}")
    await defer(session, run, after_s=pause)
    return True


async def give_up(session: AsyncSession, run: Run, stage: str) -> None:
    """The stage was begun too often and never ended: its workers died of it."""
    error: JsonObject = {
        "title": "Given up",
        "detail": f"Stage {stage} was begun {run.stage_attempts} times and never ended; the workers' log says why. "
        "When that is mended, retry the run or roll it back (`trunkline runs retry`, `trunkline runs rollback`).",
        "host": None,
        "task": None,
    }
    run.stage_attempts = 0
    await finish(session, run, stage, Result(error=error))


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
