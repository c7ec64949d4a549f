"""Runs that are held after a failed apply: what was done is kept, and a person decides how to go on.

All of it happens in the caller's transaction. `carried`: the orders of a batch, which share its fate.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.history import acting
from trunkline.db.models import Run, RunStatus
from trunkline.errors import IllegalTransition
from trunkline.runs.outcome import HALF_DONE, can_roll_back, why
from trunkline.runs.queue import defer
from trunkline.runs.record import set_status


async def apply_again(session: AsyncSession, run: Run, carried: Sequence[Run], by: str) -> None:
    """The playbook is run once more, with the same values."""
    # Something was done already: a cancel that comes before it begins has something to roll back.
    run.stage_attempts = 1
    for each in (run, *carried):
        each.error = None
        await set_status(session, each, RunStatus.APPLYING, by=by)
    await defer(session, run)


async def roll_back(session: AsyncSession, run: Run, carried: Sequence[Run], by: str) -> None:
    """The previous values are put back. Raises IllegalTransition when there are none."""
    if not can_roll_back(run):
        raise IllegalTransition(
            f"Run {run.id} ({run.target}) has nothing to go back to: retry it, or cancel it and leave all as it is."
        )
    for each in (run, *carried):
        await set_status(session, each, RunStatus.ROLLING_BACK, by=by)
    await defer(session, run)


async def give_up(session: AsyncSession, run: Run, carried: Sequence[Run]) -> None:
    """The run ends as failed, and its subscription is free: what was done stays, and is known to be out of sync."""
    await acting(session, run.cancel_requested_by or run.created_by, run.id)
    for each in (run, *carried):
        first = each.error or {}
        given_up = f"Given up by {run.cancel_requested_by}{why(run)} {HALF_DONE}"
        each.error = first | {"detail": f"{first.get('detail')} {given_up}"}
        if each.subscription is not None:
            each.subscription.insync = False
        await set_status(session, each, RunStatus.FAILED, error=each.error)
