"""What is written about a run: its status, its events. Callers hold the lock on the run's row."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Event, JsonObject, Run, RunStatus, RunTarget
from trunkline.errors import NotFound
from trunkline.notify.outbox import tell
from trunkline.runs.claims import settle

RUN_CHANNEL = "trunkline_run"
CANCEL_CHANNEL = "trunkline_cancel"
_NOTIFY_ALL = text("SELECT pg_notify(:channel, run) FROM unnest(CAST(:runs AS text[])) AS run")


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


async def lock_run(session: AsyncSession, run_id: uuid.UUID) -> Run:
    """The run, its row locked until the transaction ends. Raises NotFound.

    The lock also orders a run's events: whoever follows them never sees a later id before an earlier one.
    """
    query = select(Run).where(Run.id == run_id).with_for_update(of=Run).execution_options(populate_existing=True)
    run = (await session.execute(query)).unique().scalar_one_or_none()
    if run is None:
        raise NotFound(f"There is no run {run_id}. GET /api/v1/runs lists them.")
    return run


async def add_events(session: AsyncSession, run_id: uuid.UUID, events: Sequence[JsonObject]) -> None:
    """Store events (columns of Event) in order, and wake who follows the run when the session commits."""
    if events:
        await session.execute(insert(Event), [{"run_id": run_id, **event} for event in events])
    await notify(session, RUN_CHANNEL, run_id)


async def notify(session: AsyncSession, channel: str, run_id: uuid.UUID) -> None:
    """Tell every listener on `channel` when the session commits."""
    await session.execute(select(func.pg_notify(channel, str(run_id))))


async def set_status(session: AsyncSession, run: Run, status: RunStatus, **more: object) -> None:
    """Move the run to `status` and record that as an event, with `more` in its payload."""
    run.status = status
    if status is not RunStatus.AWAITING_APPROVAL:
        run.escalates_at = run.expires_at = None
    if status is RunStatus.PLANNING and run.started_at is None:
        run.started_at = now()
    if status.ended:
        run.finished_at = now()
        await _settle(session, run, status)
    await session.flush()
    await add_events(session, run.id, [_status(status, **more)])
    await tell(session, run, status)


async def say_queued(session: AsyncSession, runs: Sequence[uuid.UUID], by: str) -> None:
    """Record that these runs, which were just stored, are queued: what `set_status` does for one."""
    event = _status(RunStatus.QUEUED, by=by)
    await session.execute(insert(Event), [{"run_id": run, **event} for run in runs])
    await session.execute(_NOTIFY_ALL, {"channel": RUN_CHANNEL, "runs": [str(run) for run in runs]})


def _status(status: RunStatus, **more: object) -> JsonObject:
    payload = {"status": status.value, **more}
    return {"stage": "run", "kind": "status", "host": None, "task": None, "payload": payload}


async def _settle(session: AsyncSession, run: Run, status: RunStatus) -> None:
    """After a change the subscription holds what it has; one that ended half-way may have both."""
    half_done = status is RunStatus.FAILED and run.subscription is not None and not run.subscription.insync
    if run.target is RunTarget.MODIFY and run.subscription is not None and not (half_done or run.plan_only):
        await settle(session, run.subscription)


async def add_note(session: AsyncSession, run: Run, message: str, **more: object) -> None:
    """Record something about the run that is not a change of its status, with `more` in the event's payload."""
    event: JsonObject = {
        "stage": "run",
        "kind": "note",
        "host": None,
        "task": None,
        "payload": {"message": message, **more},
    }
    await add_events(session, run.id, [event])
