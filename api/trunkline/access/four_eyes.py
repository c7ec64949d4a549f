"""The one place that decides whether somebody may approve a run: what is approved was looked at by a second person."""

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access.caller import Caller
from trunkline.db.models import Run
from trunkline.errors import Forbidden


async def must_not_be_own(session: AsyncSession, caller: Caller, run: Run, *, four_eyes: bool) -> None:
    """Raises Forbidden where the policy is on and the caller ordered the run. Roles were looked at before."""
    own = await own_order(session, caller, run) if four_eyes else None
    if own is not None:
        raise Forbidden(f"{caller.name} ordered run {own.id}: somebody else approves it (TRUNKLINE_FOUR_EYES).")


async def own_order(session: AsyncSession, caller: Caller, run: Run) -> Run | None:
    """The run itself if the caller ordered it, or the one of theirs that it retries; None: others ordered it."""
    ordered: Run | None = run
    while ordered is not None and ordered.created_by != caller.name:
        # Somebody else's retry of one's own order is still one's own order.
        ordered = await session.get(Run, ordered.retry_of) if ordered.retry_of else None
    return ordered
