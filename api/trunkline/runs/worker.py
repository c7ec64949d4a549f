"""The worker: takes stages off the queue, and takes over those of workers that died."""

import asyncio
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job
from procrastinate.worker import Worker
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from trunkline.db.listen import listen
from trunkline.db.models import LIVE, Run
from trunkline.db.session import make_engine, make_sessions
from trunkline.runs.beat import beat, forget
from trunkline.runs.deadlines import watch
from trunkline.runs.duties import keep
from trunkline.runs.launch import make_launcher
from trunkline.runs.launch.contract import Launcher
from trunkline.runs.queue import QUEUE, STAGE_OF, defer, make_queue, retry_stalled, runs_without_job
from trunkline.runs.record import CANCEL_CHANNEL, add_note, lock_run
from trunkline.runs.stages import Engine, run_stage
from trunkline.settings import Settings
from trunkline.telemetry import traces

logger = logging.getLogger(__name__)

_RESTART_AFTER_S = 2.0


class _Knock(asyncio.Event):
    """A notice of new work that is not lost when it comes while the worker looks.

    procrastinate 3.10 clears its event after it has looked: a job announced in between would wait for the next poll, 5
    seconds later. Here a notice stays until a look that began after it.
    """

    _unseen = False

    def set(self) -> None:
        self._unseen = True
        super().set()

    def clear(self) -> None:
        if self._unseen:
            self._unseen = False
        else:
            super().clear()


class _Worker(Worker):
    def __init__(self, app: App, settings: Settings) -> None:
        super().__init__(
            app,
            queues=[QUEUE],
            concurrency=settings.worker_concurrency,
            install_signal_handlers=False,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            update_heartbeat_interval=settings.heartbeat_s,
            stalled_worker_timeout=settings.stalled_after_s,
            shutdown_graceful_timeout=settings.drain_s,
        )
        self._new_job_event = _Knock()


class _WhenStopped(BaseRetryStrategy):
    """A job whose worker is stopped goes back to the queue; one that fails is found by `_look_after`."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return None


def _register(app: App, engine: Engine) -> None:
    def add(stage: str) -> None:
        async def job(_: JobContext, run_id: str) -> None:
            await run_stage(engine, uuid.UUID(run_id), stage)

        app.task(name=stage, queue=QUEUE, retry=_WhenStopped(), pass_context=True)(job)

    for stage in ("plan", "apply", "rollback"):
        add(stage)


async def work(settings: Settings) -> None:
    """Work until cancelled; then wait `drain_s` for running playbooks, stop the rest and put their stages back."""
    traces.configure(settings)
    with closing(make_launcher(settings)) as launcher:
        await asyncio.to_thread(launcher.warm_up)
        try:
            await _work_for_ever(settings, launcher)
        finally:
            forget(settings)
            traces.shut_down()


async def _work_for_ever(settings: Settings, launcher: Launcher) -> None:
    while True:
        try:
            await _work_once(settings, launcher)
        except (SQLAlchemyError, ConnectorException, OSError, ExceptionGroup):
            logger.exception("worker failed; it starts again in %s s", _RESTART_AFTER_S)
        else:
            logger.error("worker ended by itself; it starts again in %s s", _RESTART_AFTER_S)
        await asyncio.sleep(_RESTART_AFTER_S)


async def _work_once(settings: Settings, launcher: Launcher) -> None:
    database = make_engine(settings.database_url, pool_size=2 * settings.worker_concurrency + 2)
    threads = ThreadPoolExecutor(settings.worker_concurrency, thread_name_prefix="playbook")
    engine = Engine(settings, make_sessions(database), threads, launcher)
    app = make_queue(settings.libpq_url, pool_size=settings.worker_concurrency + 3)
    _register(app, engine)
    try:
        async with app.open_async():
            # The listener and the look-out end when the worker has drained, not before: a cancel must still arrive.
            side = [
                asyncio.create_task(_follow_cancels(engine), name="follow cancels"),
                asyncio.create_task(_look_after(engine), name="look after stalled runs"),
                asyncio.create_task(keep(engine.sessions, settings), name="schedules and notifications"),
                asyncio.create_task(watch(engine.sessions, settings.heartbeat_s), name="watch approvals"),
            ]
            try:
                await _Worker(app, settings).run()  # type: ignore[no-untyped-call]
            finally:
                for task in side:
                    task.cancel()
                await asyncio.gather(*side, return_exceptions=True)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        await database.dispose()


async def _follow_cancels(engine: Engine) -> None:
    looking: set[asyncio.Task[None]] = set()

    def look() -> None:
        task = asyncio.create_task(_stop_cancelled(engine))
        looking.add(task)
        task.add_done_callback(looking.discard)

    # A notice only says that there is something to see: it may come when the stage that it meant has ended.
    await listen(engine.settings.libpq_url, [CANCEL_CHANNEL], lambda *_: look(), look)


async def _stop_cancelled(engine: Engine) -> None:
    """Stop what is cancelled and runs here, also what was cancelled while nobody listened."""
    async with engine.sessions() as session:
        query = select(Run.id, Run.status).where(Run.status.in_(LIVE), Run.cancel_requested_by.is_not(None))
        for run_id, status in await session.execute(query):
            engine.stop(run_id, STAGE_OF.get(status))


async def _look_after(engine: Engine) -> None:
    """Every heartbeat: take over the stages of silent workers, and requeue runs that lost their job."""
    while True:
        try:
            async with engine.sessions.begin() as session:
                for run_id in await retry_stalled(session, engine.settings.stalled_after_s):
                    logger.warning("run %s: its worker is gone; taken over", run_id)
                    await add_note(
                        session, await lock_run(session, run_id), "The worker is gone; the stage is begun again."
                    )
                for run_id in await runs_without_job(session):
                    logger.warning("run %s had no job; queued again", run_id)
                    await defer(session, await lock_run(session, run_id))
            beat(engine.settings)
        except SQLAlchemyError:
            logger.exception("could not look for stalled runs")
        await asyncio.sleep(engine.settings.heartbeat_s)
