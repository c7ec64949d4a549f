"""The task that validates everything: one run a subscription, so that each is reported and retried by itself."""

import uuid

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import JsonObject, Run, RunTarget, Subscription
from trunkline.db.session import SessionMaker
from trunkline.errors import Locked
from trunkline.lifecycle import IN_SERVICE
from trunkline.runs.record import add_note, lock_run
from trunkline.runs.start import NewRun, start

_CHUNK = 200


async def validate_all(sessions: SessionMaker, run_id: uuid.UUID) -> JsonObject:
    """Start what is not started yet; begun again after a crash, it goes on where it was. Returns the counts."""
    started, busy = 0, 0
    last = uuid.UUID(int=0)
    while True:
        async with sessions.begin() as session:
            run = await lock_run(session, run_id)
            if run.cancel_requested_by:
                break
            found = await _chunk(session, run, last)
            for subscription in found:
                last = subscription.id
                try:
                    new = NewRun(
                        target=RunTarget.VALIDATE,
                        by=run.created_by,
                        subscription=subscription,
                        desired=subscription.block,
                        parent_id=run.id,
                    )
                    await start(session, new)
                    started += 1
                except Locked:
                    busy += 1
            if len(found) < _CHUNK:
                await add_note(session, run, f"{started} validations started; {busy} left out: a run works on them.")
                break
    return {"started": started, "busy": busy}


async def _chunk(session: AsyncSession, run: Run, last: uuid.UUID) -> list[Subscription]:
    done = exists().where(Run.parent_id == run.id, Run.subscription_id == Subscription.id)
    query = select(Subscription).where(Subscription.status.in_(IN_SERVICE), Subscription.id > last, ~done)
    if product := run.desired.get("product"):
        query = query.where(Subscription.product_slug == str(product))
    query = query.order_by(Subscription.id).limit(_CHUNK).with_for_update(of=Subscription)
    return list((await session.scalars(query)).unique())
