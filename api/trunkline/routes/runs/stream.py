"""A run's events as server-sent events."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Event, Run
from trunkline.db.session import SessionMaker
from trunkline.routes.runs.schemas import EventOut
from trunkline.runs.follow import Hub

_BATCH = 500
# Proxies close connections on which nothing is said for long.
_KEEPALIVE_S = 15.0


async def events_after(session: AsyncSession, run_id: uuid.UUID, after: int, limit: int) -> Sequence[Event]:
    """Events of the run with ids above `after`, in order."""
    query = select(Event).where(Event.run_id == run_id, Event.id > after).order_by(Event.id).limit(limit)
    return (await session.scalars(query)).all()


async def stream(
    sessions: SessionMaker, hub: Hub, run_id: uuid.UUID, after: int, allowed: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """All events above `after`, then new ones as they come, until the run has ended; `event: end` closes it.

    It breaks off as soon as `allowed` says no.
    """
    with hub.following(run_id) as woken:
        while await allowed():
            woken.clear()
            async with sessions() as session:
                # The status first: when it says "ended", every event is there to be read after it.
                status = await session.scalar(select(Run.status).where(Run.id == run_id))
                found = await events_after(session, run_id, after, _BATCH)
            if found:
                after = found[-1].id
                # All at once: each piece of an answer costs as much as some twenty events.
                yield "".join(map(_written, found))
            if len(found) == _BATCH:
                continue
            if status is None or status.ended:
                yield f"event: end\ndata: {json.dumps({'status': status})}\n\n"
                return
            try:
                await asyncio.wait_for(woken.wait(), _KEEPALIVE_S)
            except TimeoutError:
                yield ": still here\n\n"


def _written(event: Event) -> str:
    data = EventOut.model_validate(event).model_dump_json()
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"
