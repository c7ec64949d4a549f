"""The worker: takes stages off the queue, and takes over those of workers that died."""

import asyncio
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from trunkline.db.listen import listen
from trunkline.db.models import LIVE, Run, WorkerState
from trunkline.db.session import make_engine, make_sessions
from trunkline.runs.deadlines import watch
from trunkline.runs.duties import keep
from trunkline.runs.heartbeat import Code, Heartbeat
from trunkline.runs.launch.contract import Launcher
from trunkline.runs.launch.make import make_launcher
from trunkline.runs.lease import Lease, dead_here
from trunkline.runs.queue import QUEUE, STAGE_OF, defer, make_queue, runs_without_job, take_away
from trunkline.runs.record import CANCEL_CHANNEL, add_note, lock_run
from trunkline.runs.stages import Engine, run_stage
from trunkline.runs.taker import NEW_JOB_CHANNEL, Taker
from trunkline.settings import Settings
from trunkline.telemetry import traces

logger = logging.getLogger(__name__)

_RESTART_AFTER_S = 2.0
_MINE = text("SELECT id FROM procrastinate_jobs WHERE worker_id = :id AND status = 'doing'")
_LET_GO = text("UPDATE procrastinate_jobs SET worker_id = NULL WHERE id = ANY(:jobs) AND status = 'doing'")


class _WhenStopped(BaseRetryStrategy):
    """A job whose worker is stopped goes back to the queue; one that fails is found by `_look_after`."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return None


def _register(app: App, engine: Engine) -> None:
    def add(stage: str) -> None:
        async def job(context: JobContext, run_id: str) -> None:
            await run_stage(engine, uuid.UUID(run_id), stage, context.job.id or 0)

        app.task(name=stage, queue=QUEUE, retry=_WhenStopped(), pass_context=True)(job)

    for stage in ("plan", "apply", "rollback"):
        add(stage)


async def work(settings: Settings) -> None:
    """Work until cancelled; then wait `drain_s` for running playbooks, stop the rest and put their stages back."""
    traces.configure(settings)
    code = await asyncio.to_thread(Code.of, settings)
    try:
        with closing(Lease(settings)) as lease, closing(make_launcher(settings, lease)) as launcher:
            await asyncio.to_thread(launcher.warm_up)
            await _work_for_ever(settings, code, lease, launcher)
    finally:
        traces.shut_down()


async def _work_for_ever(settings: Settings, code: Code, lease: Lease, launcher: Launcher) -> None:
    while True:
        try:
            await _work_once(settings, code, lease, launcher)
        except (SQLAlchemyError, ConnectorException, OSError, ExceptionGroup):
            logger.exception("worker failed; it starts again in %s s", _RESTART_AFTER_S)
        else:
            logger.error("worker ended by itself; it starts again in %s s", _RESTART_AFTER_S)
        await asyncio.sleep(_RESTART_AFTER_S)


async def _work_once(settings: Settings, code: Code, lease: Lease, launcher: Launcher) -> None:
    database = make_engine(settings.database_url, pool_size=2 * settings.worker_concurrency + 4)
    threads = ThreadPoolExecutor(settings.worker_concurrency, thread_name_prefix="playbook")
    engine = Engine(settings, make_sessions(database), threads, launcher, lease)
    app = make_queue(settings.libpq_url, pool_size=settings.worker_concurrency + 3)
    _register(app, engine)
    taker = Taker(app, settings, code, lease)
    heartbeat = Heartbeat(settings, engine.sessions, lease, code, taker)
    try:
        async with app.open_async():
            await _forget(engine, lease.worker_id)
            # All this ends when the worker has drained, not before: it keeps its lease, and a cancel must still arrive.
            side = [
                asyncio.create_task(heartbeat.run(), name="heartbeat"),
                asyncio.create_task(_follow(engine, taker), name="follow jobs and cancels"),
                asyncio.create_task(_look_after(engine, heartbeat, taker), name="look after stalled runs"),
                asyncio.create_task(keep(engine.sessions, settings), name="schedules and notifications"),
                asyncio.create_task(watch(engine.sessions, settings.heartbeat_s), name="watch approvals"),
            ]
            try:
                await taker.run()  # type: ignore[no-untyped-call]
            finally:
                for task in side:
                    task.cancel()
                await asyncio.gather(*side, return_exceptions=True)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        await database.dispose()


async def _forget(engine: Engine, worker_id: int) -> None:
    """A worker of which nothing lives any more: its jobs need not wait until it has been silent for long enough."""
    async with engine.sessions.begin() as session:
        await session.execute(text("DELETE FROM procrastinate_workers WHERE id = :id"), {"id": worker_id})


async def _follow(engine: Engine, taker: Taker) -> None:
    """Hear of new jobs, and of what is cancelled."""
    looking: set[asyncio.Task[None]] = set()

    def look() -> None:
        task = asyncio.create_task(_stop_cancelled(engine))
        looking.add(task)
        task.add_done_callback(looking.discard)

    def on_notice(channel: str, _payload: str) -> None:
        # A notice only says that there is something to see: it may come when the stage that it meant has ended.
        if channel == NEW_JOB_CHANNEL:
            taker.knock()
        else:
            look()

    def on_connected() -> None:
        taker.knock()
        look()

    await listen(engine.settings.libpq_url, [NEW_JOB_CHANNEL, CANCEL_CHANNEL], on_notice, on_connected)


async def _stop_cancelled(engine: Engine) -> None:
    """Stop what is cancelled and runs here, also what was cancelled while nobody listened."""
    async with engine.sessions() as session:
        query = select(Run.id, Run.status).where(Run.status.in_(LIVE), Run.cancel_requested_by.is_not(None))
        for run_id, status in await session.execute(query):
            engine.stop(run_id, STAGE_OF.get(status))


async def _look_after(engine: Engine, heartbeat: Heartbeat, taker: Taker) -> None:
    """Every heartbeat: take over the stages of workers that are dead or silent, and queue runs that lost their job."""
    unknown: set[int] = set()
    while True:
        try:
            # Who does not know what the database means by now had better leave it alone.
            if engine.lease.held and heartbeat.state is not WorkerState.OUTDATED:
                for worker_id in dead_here(engine.settings):
                    await _forget(engine, worker_id)
                unknown = await _let_go(engine, taker, unknown)
                await _take_over(engine)
        except (SQLAlchemyError, OSError):
            logger.exception("could not look for stalled runs")
        await asyncio.sleep(engine.settings.heartbeat_s)


async def _take_over(engine: Engine) -> None:
    async with engine.sessions.begin() as session:
        left = await take_away(session, engine.settings.stalled_after_s)
        for run_id in await runs_without_job(session):
            run = await lock_run(session, run_id)
            gone = "The worker is gone" if run_id in left else "The stage had lost its job"
            logger.warning("run %s: %s; queued again", run_id, gone)
            await add_note(session, run, f"{gone}; the stage is begun again.")
            await defer(session, run)


async def _let_go(engine: Engine, taker: Taker, before: set[int]) -> set[int]:
    """Jobs that are ours by the database and not by us, twice in a row: we never learned that we had taken them.

    So it is when the database dies between taking a job and telling us.
    """
    async with engine.sessions.begin() as session:
        mine = set(await session.scalars(_MINE, {"id": taker.worker_id}))
        unknown = mine - taker.jobs
        lost = unknown & before
        if lost:
            await session.execute(_LET_GO, {"jobs": list(lost)})
    return unknown - lost
