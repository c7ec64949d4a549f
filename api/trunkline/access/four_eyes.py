"""The one place that decides whether somebody may approve a run: what is approved was looked at by a second person."""

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access.caller import Caller
from trunkline.db.models import Run
from trunkline.errors import Forbidden


async def must_not_be_own(session: AsyncSession, caller: Caller, run: Run, *, four_eyes: bool) -> None:
    """Raises Forbidden where the policy is on and the caller ordered the run. Roles were looked at before."""
    ordered: Run | None = run
    while four_eyes and ordered is not None:
        if ordered.created_by == caller.name:
            raise Forbidden(f"{caller.name} ordered run {ordered.id}: somebody else approves it (TRUNKLINE_FOUR_EYES).")
        # Somebody else's retry of one's own order is still one's own order.
        ordered = await session.get(Run, ordered.retry_of) if ordered.retry_of else None
