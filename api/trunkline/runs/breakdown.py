"""A stage that an error of our own ended: the run is reported as failed, not begun again for ever."""

import logging
import uuid

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trunkline.db.history import acting
from trunkline.db.models import LIVE, JsonObject, Run, RunStatus, Subscription
from trunkline.db.session import SessionMaker
from trunkline.runs.queue import STAGE_OF
from trunkline.runs.record import add_events, now

logger = logging.getLogger(__name__)


def passes(error: Exception) -> bool:
    """Whether the same may go well the next time: the database or the machine is in trouble, not our code."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout | OSError)


async def report(sessions: SessionMaker, run_id: uuid.UUID, stage: str, attempt: int | None, error: Exception) -> None:
    """End the run, and those that it carries, as failed, unless it has gone on without this worker.

    Written column by column: what cannot be read as a run must not stand in the way of saying so.
    """
    said: JsonObject = {
        "title": "Internal error",
        "detail": f"Stage {stage} ended with {type(error).__name__}: {error}. This is a fault of Trunkline, or of what "
        "its database holds: the log of the worker has the traceback.",
        "host": None,
        "task": None,
    }
    async with sessions.begin() as session:
        query = select(Run.status, Run.attempt, Run.created_by).where(Run.id == run_id).with_for_update()
        row = (await session.execute(query)).one_or_none()
        if row is None or STAGE_OF.get(row.status) != stage or attempt not in (None, row.attempt):
            logger.warning("run %s has gone on without this worker: not reported", run_id)
            return
        await acting(session, row.created_by, run_id)
        concerned = or_(Run.id == run_id, and_(Run.parent_id == run_id, Run.carried))
        ended = await session.execute(
            update(Run)
            .where(concerned, Run.status.in_(LIVE))
            .values(status=RunStatus.FAILED, error=said, finished_at=now(), stage_attempts=0, launch=None)
            .returning(Run.id, Run.subscription_id)
            .execution_options(synchronize_session=False)
        )
        for each, subscription_id in ended.all():
            if stage != "plan":
                await session.execute(
                    update(Subscription).where(Subscription.id == subscription_id).values(insync=False)
                )
            payload: JsonObject = {"status": RunStatus.FAILED.value, "error": said}
            event: JsonObject = {"stage": "run", "kind": "status", "host": None, "task": None, "payload": payload}
            await add_events(session, each, [event])
