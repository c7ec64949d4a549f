"""The devices as the last runs left them. Nothing is asked of a device here: how old the word is, is said with it."""

from sqlalchemy import case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.access.caller import sees
from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import references
from trunkline.db.models import Run, RunStatus, Subscription
from trunkline.lifecycle import IN_SERVICE
from trunkline.routes.overview.schemas import Device, Devices

_MOST = 8
_FOUND = [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.ROLLED_BACK]

# Also one that failed: that a device, or NetBox, could not be asked is news of it.
_last = (
    select(Run.id, Run.target, Run.status, Run.finished_at)
    .where(Run.subscription_id == Subscription.id, ~Run.plan_only, Run.status.in_(_FOUND))
    .order_by(Run.created_at.desc())
    .limit(1)
    .lateral("last")
)
_STATE = case(
    (~Subscription.insync, "drift"),
    (_last.c.status.is_(None), "unknown"),
    (_last.c.status != RunStatus.COMPLETED, "failed"),
    else_="ok",
)


async def devices(session: AsyncSession, caller: Caller) -> Devices:
    """How many there are in each state, and those that need a look: what is wrong, then what was not asked for long.

    A device is what refers to no other subscription, as on the map.
    """
    alone = [slug for slug, product in PRODUCTS.items() if not references(product.block)]
    known = (
        select(
            Subscription.id,
            Subscription.description,
            _STATE.label("state"),
            _last.c.id.label("run"),
            _last.c.target,
            _last.c.finished_at.label("looked_at"),
        )
        .outerjoin(_last, true())
        .where(Subscription.product_slug.in_(alone), Subscription.status.in_(IN_SERVICE), sees(caller))
        .cte("known")
    )
    counted = await session.execute(select(known.c.state, func.count()).group_by(known.c.state))
    worst = select(known).order_by(known.c.state == "ok", known.c.looked_at.asc().nulls_first(), known.c.description)
    rows = await session.execute(worst.limit(_MOST))
    return Devices(
        counts=dict(row.tuple() for row in counted),
        items=[Device.model_validate(row, from_attributes=True) for row in rows],
    )
