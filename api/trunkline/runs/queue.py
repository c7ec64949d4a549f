"""The job queue: stages of runs as procrastinate jobs, deferred in the transaction that makes them due."""

import json
import uuid

from procrastinate import App, PsycopgConnector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Run, RunStatus

QUEUE = "runs"
STAGE_OF: dict[RunStatus, str] = {
    RunStatus.QUEUED: "plan",
    RunStatus.PLANNING: "plan",
    RunStatus.APPLYING: "apply",
    RunStatus.VERIFYING: "apply",
    RunStatus.ROLLING_BACK: "rollback",
}
"""The stage that a run in this status needs a job for; no entry: nothing is due."""

_DEFER = text(
    """
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, :priority, :lock, NULL, CAST(:args AS jsonb),
            now() + make_interval(secs => :after_s))::procrastinate_job_to_defer_v1
    ])
    """
)
# One statement, and each row locked: two workers that look at once never put back a job that was taken meanwhile.
_RETRY_STALLED = text(
    """
    WITH stalled AS (
        SELECT job.id, job.args FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND job.queue_name = :queue
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :seconds))
        FOR UPDATE OF job SKIP LOCKED
    )
    SELECT args ->> 'run_id' AS run_id, procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM stalled
    """
)
_WITHOUT_JOB = text(
    """
    SELECT id FROM runs
    WHERE status IN ('queued', 'planning', 'applying', 'verifying', 'rolling-back') AND NOT carried
      AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        WHERE job.lock = coalesce(runs.subscription_id, runs.id)::text AND job.status IN ('todo', 'doing'))
    FOR UPDATE SKIP LOCKED
    """
)


def make_queue(libpq_url: str, pool_size: int) -> App:
    """The procrastinate application; open it before use."""
    return App(connector=PsycopgConnector(conninfo=libpq_url, min_size=1, max_size=pool_size))


async def defer(session: AsyncSession, run: Run, after_s: float | None = None) -> None:
    """Queue the stage that the run's status calls for; it starts when the session commits, or `after_s` later."""
    if run.carried:
        return
    await session.execute(
        _DEFER,
        {
            "queue": QUEUE,
            "task": STAGE_OF[run.status],
            # What a sweep started lets a person's orders pass.
            "priority": 0 if run.parent_id is None else -1,
            "lock": run.lane,
            "args": json.dumps({"run_id": str(run.id)}),
            "after_s": after_s,
        },
    )


async def retry_stalled(session: AsyncSession, seconds: float) -> list[uuid.UUID]:
    """Put back the jobs of workers silent for `seconds`; returns their runs."""
    rows = await session.execute(_RETRY_STALLED, {"queue": QUEUE, "seconds": seconds})
    return [uuid.UUID(row.run_id) for row in rows]


async def runs_without_job(session: AsyncSession) -> list[uuid.UUID]:
    """Runs that should be worked on but have no job (it failed for a reason of ours); their rows are locked."""
    return list((await session.scalars(_WITHOUT_JOB)).all())
