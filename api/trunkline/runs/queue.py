"""The job queue: stages of runs as procrastinate jobs, deferred in the transaction that makes them due."""

import json
import re
import uuid

from procrastinate import App, PsycopgConnector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import __version__
from trunkline.db.models import Run, RunStatus

CODE = [int(number) for number in re.findall(r"\d+", __version__)[:3]]
QUEUE = "runs-" + ".".join(map(str, CODE))
"""The version of the code that queued a job is in the queue's name: an older worker does not take it.

During an upgrade workers of two versions run for a while. What an older one takes, it must understand: it takes no job
that newer code has queued, and none at all once the database has a migration that its own code does not know. A newer
one takes all older jobs, as soon as the database has all of its migrations. (`trunkline_fetch_job`, migration 0014)
"""
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
        ROW(:queue, :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL)::procrastinate_job_to_defer_v1
    ])
    """
)
# One statement, and each row locked: two workers that look at once never take the same job from its worker. It is not
# put back but deleted, and a new one is made: the worker that had it, if it still lives, no longer finds it.
_TAKE_AWAY = text(
    """
    WITH stalled AS (
        SELECT job.id FROM procrastinate_jobs AS job
        LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND job.args ? 'run_id'
          AND CAST(string_to_array(split_part(job.queue_name, '-', 2), '.') AS integer[]) <= CAST(:code AS integer[])
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :seconds))
        FOR UPDATE OF job SKIP LOCKED
    )
    DELETE FROM procrastinate_jobs AS job USING stalled WHERE job.id = stalled.id RETURNING job.args ->> 'run_id'
    """
)
_LOCK_JOB = text("SELECT 1 FROM procrastinate_jobs WHERE id = :job AND status = 'doing' FOR UPDATE")
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


async def defer(session: AsyncSession, run: Run) -> None:
    """Queue the stage that the run's status calls for; it starts when the session commits."""
    if run.carried:
        return
    await session.execute(
        _DEFER,
        {
            "queue": QUEUE,
            "task": STAGE_OF[run.status],
            "lock": run.lane,
            "args": json.dumps({"run_id": str(run.id)}),
        },
    )


async def take_away(session: AsyncSession, seconds: float) -> list[uuid.UUID]:
    """Take the jobs of workers silent for `seconds` from them; returns their runs, which need new ones."""
    return [uuid.UUID(run) for run in await session.scalars(_TAKE_AWAY, {"seconds": seconds, "code": CODE})]


async def still_ours(session: AsyncSession, job: int) -> bool:
    """Whether nobody has taken this job away; nobody does until the session ends."""
    return await session.scalar(_LOCK_JOB, {"job": job}) is not None


async def runs_without_job(session: AsyncSession) -> list[uuid.UUID]:
    """Runs that should be worked on but have no job (it failed for a reason of ours); their rows are locked."""
    return list((await session.scalars(_WITHOUT_JOB)).all())
