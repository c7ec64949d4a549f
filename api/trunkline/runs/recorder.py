"""Writes a playbook's events down while it runs, in batches."""

import asyncio
import uuid

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import JsonObject, RunStatus, Step
from trunkline.db.session import SessionMaker
from trunkline.runs.events import Progress, StepState
from trunkline.runs.lease import Lease
from trunkline.runs.patience import write
from trunkline.runs.record import add_events, lock_run, set_status

MAX_BATCH = 200


class SupersededError(Exception):
    """Another worker has taken the stage over: nothing may be written any more."""


class Recorder:
    """Takes events from the runner's thread (`put`), and stores them in the loop's thread (`run`)."""

    def __init__(
        self, sessions: SessionMaker, lease: Lease, run_id: uuid.UUID, stage: str, attempt: int, secrets: list[str]
    ) -> None:
        self.progress = Progress(secrets)
        self._sessions, self._lease = sessions, lease
        self._run_id, self._stage, self._attempt = run_id, stage, attempt
        self._batches = 0
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[JsonObject | None] = asyncio.Queue()

    def put(self, event: JsonObject | None) -> None:
        """Take one event; None says that it was the last. Callable from any thread."""
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def run(self) -> None:
        """Store events until the last; also when the database is away meanwhile. Raises SupersededError."""
        last = False
        while not last:
            batch = [await self._events.get()]
            while not self._events.empty() and len(batch) < MAX_BATCH:
                batch.append(self._events.get_nowait())
            last = None in batch
            await self._store([event for event in batch if event is not None])

    async def _store(self, raw: list[JsonObject]) -> None:
        rows = [row for row in (self.progress.take(event) for event in raw) if row is not None]
        if not rows:
            return
        steps = [self.progress.steps[key] for key in self.progress.steps if key in self.progress.changed_steps]
        self.progress.changed_steps.clear()
        self._batches += 1

        async def store(session: AsyncSession) -> None:
            run = await lock_run(session, self._run_id)
            if run.attempt != self._attempt:
                raise SupersededError
            if run.recorded == self._batches:
                return  # the answer to this batch's commit was lost
            run.recorded = self._batches
            if self.progress.verifying and run.status is RunStatus.APPLYING:
                await set_status(session, run, RunStatus.VERIFYING)
            if steps:
                await self._store_steps(session, steps)
            await add_events(session, self._run_id, [{"stage": self._stage, **row} for row in rows])

        await write(self._sessions, self._lease, store)

    async def _store_steps(self, session: AsyncSession, changed: list[StepState]) -> None:
        statement = insert(Step).values(
            [
                {
                    "run_id": self._run_id,
                    "key": f"{self._attempt}:{step.key}",
                    "stage": self._stage,
                    "name": step.name,
                    "status": step.status,
                    "started_at": step.started_at,
                    "finished_at": step.finished_at,
                }
                for step in changed
            ]
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Step.run_id, Step.key],
                set_={"status": statement.excluded.status, "finished_at": statement.excluded.finished_at},
            )
        )
