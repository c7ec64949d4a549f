"""What is known of the workers: their rows, how long they have been silent, and what they work on."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Worker, WorkerState
from trunkline.routes.workers.schemas import WorkerOut

_RUNS = text(
    "SELECT worker_id, array_agg(args ->> 'run_id' ORDER BY id) AS runs FROM procrastinate_jobs "
    "WHERE status = 'doing' AND worker_id IS NOT NULL AND args ->> 'run_id' IS NOT NULL GROUP BY worker_id"
)
_SHOWN = ("id", "host", "pid", "version", "revision", "concurrency", "since", "last_heartbeat")


async def shown(session: AsyncSession, rows: Iterable[Worker], silent_s: float) -> list[WorkerOut]:
    """The workers as the API shows them; `silent_s` after its last heartbeat one is silent."""
    runs = {row.worker_id: row.runs for row in await session.execute(_RUNS)}
    moment = (await session.execute(select(func.clock_timestamp()))).scalar_one()

    def state(row: Worker) -> WorkerState:
        return WorkerState.SILENT if (moment - row.last_heartbeat).total_seconds() > silent_s else row.state

    return [
        WorkerOut(state=state(row), runs=runs.get(row.id, []), **{name: getattr(row, name) for name in _SHOWN})
        for row in rows
    ]


async def counts(session: AsyncSession, silent_s: float) -> dict[WorkerState, int]:
    """How many workers are in each state."""
    rows = (await session.scalars(select(Worker))).all()
    return dict(Counter(worker.state for worker in await shown(session, rows, silent_s)))
