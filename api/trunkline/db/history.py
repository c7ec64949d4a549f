"""Who changes subscriptions in a transaction: what the trigger on `subscriptions` writes beside each change."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def acting(session: AsyncSession, actor: str, run_id: uuid.UUID | None = None) -> None:
    """Until the transaction ends, changes are made by `actor` and in the run `run_id`."""
    run = str(run_id) if run_id else ""
    await session.execute(
        select(func.set_config("trunkline.actor", actor, True), func.set_config("trunkline.run", run, True))
    )
