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
        ROW(:queue, :task, :priority, :lock, NULL, CAST(:args AS jsonb),
            now() + CAST(:after_s AS float8) * interval '1 s')::procrastinate_job_to_defer_v1
    ])
    """
)
_DROP = text(
    """
    SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs
    WHERE status = 'todo' AND lock = :lock AND args ->> 'run_id' = :run_id
    """
)
# Of work for no customer (tasks, batches, plans of orders) it is the caller's own that counts.
_WAITING = text(
    """
    SELECT count(*) FROM (
        SELECT 1 FROM runs LEFT JOIN subscriptions ON subscriptions.id = runs.subscription_id
        WHERE runs.status = :status AND NOT runs.carried
          AND CASE WHEN CAST(:customer AS uuid) IS NULL THEN runs.subscription_id IS NULL AND runs.created_by = :by
                   ELSE subscriptions.customer_id = CAST(:customer AS uuid) END
        LIMIT :most
    ) AS waiting
    """
)
_MOST_COUNTED = 1000
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


async def defer(session: AsyncSession, run: Run, after_s: float | None = None) -> None:
    """Queue the stage that the run's status calls for; it starts when the session commits, or so much later."""
    if run.carried:
        return
    stage = STAGE_OF[run.status]
    await session.execute(
        _DEFER,
        {
            "queue": QUEUE,
            "task": stage,
            "priority": await _priority(session, run, stage),
            "lock": run.lane,
            "args": json.dumps({"run_id": str(run.id)}),
            "after_s": after_s,
        },
    )


async def take_away(session: AsyncSession, seconds: float) -> list[uuid.UUID]:
    """Take the jobs of workers silent for `seconds` from them; returns their runs, which need new ones."""
    return [uuid.UUID(run) for run in await session.scalars(_TAKE_AWAY, {"seconds": seconds, "code": CODE})]


async def still_ours(session: AsyncSession, job: int) -> bool:
    """Whether nobody has taken this job away; nobody does until the session ends."""
    return await session.scalar(_LOCK_JOB, {"job": job}) is not None


async def drop(session: AsyncSession, run: Run) -> None:
    """Take the run's job off the queue, so that what comes next in its lane need not wait for it."""
    await session.execute(_DROP, {"lock": run.lane, "run_id": str(run.id)})


async def _priority(session: AsyncSession, run: Run, stage: str) -> int:
    """The more a customer has waiting, the later comes the next: a flood of one is served in turn with the others.

    What has been planned comes before new plans, so that locks are held as short as can be. What a sweep started lets
    all others pass.
    """
    subscription = run.subscription
    waiting = await session.scalar(
        _WAITING,
        {
            "status": run.status.value,
            "customer": subscription.customer_id if subscription else None,
            "by": run.created_by,
            "most": _MOST_COUNTED,
        },
    )
    first = (0 if stage == "plan" else 1) - (0 if run.parent_id is None else _MOST_COUNTED)
    return first - int(waiting or 0)


async def runs_without_job(session: AsyncSession) -> list[uuid.UUID]:
    """Runs that should be worked on but have no job (it failed for a reason of ours); their rows are locked."""
    return list((await session.scalars(_WITHOUT_JOB)).all())
