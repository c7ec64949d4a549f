"""procrastinate's worker, made to outlast a database that is away for a while, and to take only what it may."""

import asyncio
import logging
from collections.abc import Callable

import psycopg
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext, JobResult
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import RetryDecision
from procrastinate.worker import Worker

from trunkline.runs.heartbeat import Code
from trunkline.runs.lease import Lease
from trunkline.runs.queue import CODE
from trunkline.settings import Settings

logger = logging.getLogger(__name__)

NEW_JOB_CHANNEL = "procrastinate_any_queue_v1"
_TRY_AGAIN_S = 0.5
_FETCH = "SELECT * FROM trunkline_fetch_job(%(worker)s, %(code)s, %(revision)s, %(most)s)"


class _Jobs(JobManager):
    """Fetches the jobs that this worker may take. The gates are in the database: see migration 0014."""

    def __init__(self, app: App, settings: Settings, revision: str, may_take: Callable[[], bool]) -> None:
        super().__init__(app.connector)
        self._most = settings.total_concurrency
        self._revision = revision
        self._may_take = may_take

    async def fetch_job(self, queues: object, worker_id: int) -> Job | None:  # noqa: ARG002
        """One job; None when there is none for us, or the database is away."""
        if not self._may_take():
            return None
        try:
            row = await self.connector.execute_query_one_async(
                _FETCH, worker=worker_id, code=CODE, revision=self._revision, most=self._most
            )
        except ConnectorException as error:
            # Also when we were silent for so long that we are no longer known: the next heartbeat mends that.
            logger.warning("no job could be fetched: %s", error.__cause__ or error)
            return None
        return None if row["id"] is None else Job.from_row(row)


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


class Taker(Worker):
    """Takes jobs while it holds the lease, and carries them out.

    Its heartbeat is `trunkline.runs.heartbeat`: procrastinate's ends when the draining begins.
    """

    def __init__(self, app: App, settings: Settings, code: Code, lease: Lease) -> None:
        super().__init__(
            app,
            concurrency=settings.worker_concurrency,
            install_signal_handlers=False,
            listen_notify=False,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            fetch_job_polling_interval=settings.heartbeat_s,
            stalled_worker_timeout=settings.stalled_after_s,
            shutdown_graceful_timeout=settings.drain_s,
        )
        app.job_manager = _Jobs(app, settings, code.revision, lambda: lease.held)
        self._new_job_event = _Knock()
        self.registered = asyncio.Event()

    def knock(self) -> None:
        """There may be something to take."""
        self._new_job_event.set()

    @property
    def draining(self) -> bool:
        """Whether it takes nothing more because it was told to stop."""
        return self._stop_event.is_set()

    @property
    def jobs(self) -> set[int]:
        """The numbers of the jobs that it works on."""
        return {context.job.id for context in self._running_jobs.values() if context.job.id is not None}

    async def _run_loop(self) -> None:
        self.registered.set()
        await super()._run_loop()  # type: ignore[no-untyped-call]

    async def _update_heartbeat(self) -> None:
        await asyncio.Event().wait()

    async def _persist_job_status(
        self,
        job: Job,
        status: Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        while True:
            try:
                await super()._persist_job_status(job, status, retry_decision, context, job_result)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    logger.warning("job %s was taken away by another worker", job.id)
                    return
                logger.warning("how job %s ended could not be stored: %s", job.id, error.__cause__ or error)
                await asyncio.sleep(_TRY_AGAIN_S)
            else:
                return
