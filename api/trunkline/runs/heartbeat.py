"""A worker's heartbeat in the database: who it is, what it does, and the renewal of its lease."""

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from trunkline import __version__
from trunkline.db.migrate import revisions
from trunkline.db.models import Worker, WorkerState
from trunkline.db.session import SessionMaker
from trunkline.runs.lease import Lease, moment
from trunkline.settings import Settings

logger = logging.getLogger(__name__)

_BEAT = text("UPDATE procrastinate_workers SET last_heartbeat = clock_timestamp() WHERE id = :id RETURNING id")
_REGISTER = text("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
_REVISION = text("SELECT version_num FROM alembic_version")


@dataclass(frozen=True)
class Code:
    """What this process's code is made for: the database at its last migration, of those that it knows."""

    revision: str
    known: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Code":
        """Reads the migrations."""
        newest_first = revisions(settings)
        return cls(newest_first[0], frozenset(newest_first))

    def state(self, revision: str | None) -> WorkerState:
        """What a worker with this code does while the database is at `revision`."""
        if revision == self.revision:
            return WorkerState.WORKING
        return WorkerState.WAITING if revision is None or revision in self.known else WorkerState.OUTDATED


class Taking(Protocol):
    """The worker, as far as a heartbeat tells of it."""

    worker_id: int | None
    registered: asyncio.Event

    @property
    def draining(self) -> bool:
        """Whether it takes nothing more because it was told to stop."""

    def knock(self) -> None:
        """There may be something to take."""


class Heartbeat:
    """Beats for one worker, under the number that procrastinate gave it, or a new one when it was given up on."""

    def __init__(self, settings: Settings, sessions: SessionMaker, lease: Lease, code: Code, worker: Taking) -> None:
        self._settings, self._sessions, self._lease, self._code = settings, sessions, lease, code
        self._worker = worker
        self.state = WorkerState.WAITING

    async def run(self) -> None:
        """Beat until cancelled. What cannot be written is said; the lease runs out if it lasts."""
        await self._worker.registered.wait()
        while True:
            try:
                # A connection that hangs must not cost more than one beat.
                async with asyncio.timeout(max(self._settings.heartbeat_s, self._settings.lease_s / 4)):
                    await self.beat()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                logger.warning("no heartbeat could be written: %s", str(error).partition("\n")[0] or "it took too long")
            await asyncio.sleep(self._settings.heartbeat_s)

    async def beat(self) -> None:
        """One beat; none once the worker has ended. Raises SQLAlchemyError."""
        number = self._worker.worker_id
        if number is None:
            return
        asked_at = moment()
        async with self._sessions.begin() as session:
            state = self._code.state(await session.scalar(_REVISION))
            if state is WorkerState.WORKING and self._worker.draining:
                state = WorkerState.DRAINING
            if await session.scalar(_BEAT, {"id": number}) is None:
                number = await session.scalar(_REGISTER)
                logger.warning("this worker was silent and given up on; it goes on as worker %s", number)
            row = {
                "id": number,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "version": __version__,
                "revision": self._code.revision,
                "concurrency": self._settings.worker_concurrency,
                "state": state,
            }
            changed = {"state": state, "last_heartbeat": func.clock_timestamp()}
            await session.execute(insert(Worker).values(row).on_conflict_do_update(index_elements=["id"], set_=changed))
        self._worker.worker_id = number
        had_run_out = not self._lease.held
        self._lease.renew(asked_at, number or 0)
        if had_run_out:
            self._worker.knock()
        self._tell(state)

    def _tell(self, state: WorkerState) -> None:
        if state is not self.state:
            remedy = {
                WorkerState.OUTDATED: ": the database was upgraded by newer code. Start that instead of this worker",
                WorkerState.WAITING: ": the database lacks migrations. Run `trunkline db upgrade`",
            }
            logger.log(
                logging.WARNING if state in remedy else logging.INFO, "worker is %s%s", state, remedy.get(state, "")
            )
        self.state = state
