"""The times of approvals: every worker looks, so that they come whoever is away."""

import asyncio
import logging

from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from trunkline.db.models import Run, RunStatus
from trunkline.db.session import SessionMaker
from trunkline.runs.approval import look_at_time
from trunkline.runs.outcome import carried_by
from trunkline.runs.record import lock_run

logger = logging.getLogger(__name__)


async def watch(sessions: SessionMaker, every_s: float) -> None:
    """Pass on and give up what has waited long enough for approval, until cancelled."""
    while True:
        try:
            await look(sessions)
        except SQLAlchemyError:
            logger.exception("could not look for approvals whose time has come")
        await asyncio.sleep(every_s)


async def look(sessions: SessionMaker) -> None:
    """One look. Two workers may find the same run: who comes second sees that it was done."""
    due = or_(Run.expires_at <= func.now(), Run.escalates_at <= func.now())
    async with sessions() as session:
        found = await session.scalars(select(Run.id).where(Run.status == RunStatus.AWAITING_APPROVAL, due))
        ids = found.all()
    for run_id in ids:
        async with sessions.begin() as session:
            run = await lock_run(session, run_id)
            await look_at_time(session, run, await carried_by(session, run))
