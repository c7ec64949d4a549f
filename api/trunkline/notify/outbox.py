"""The outbox: messages are written with what they are about, in one transaction, and sent afterwards."""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import (
    POLICIES,
    Customer,
    Delivery,
    DeliveryStatus,
    Happening,
    JsonObject,
    Notification,
    Run,
    RunStatus,
    RunTarget,
    Subscription,
)

_ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")
_MOST_NAMED = 50
_LONGEST_TEXT = 2000


def happening(run: Run, status: RunStatus) -> Happening | None:
    """What a run that gets this status has to tell; None: nothing that anybody waits for.

    A look (a plan alone, a validation that found all well) is no news, and a batch is told of order by order.
    """
    if status is RunStatus.AWAITING_APPROVAL:
        return None if run.carried else Happening.APPROVAL_NEEDED
    if run.target is RunTarget.BATCH or (run.plan_only and run.target is not RunTarget.TASK):
        return None
    if status in (RunStatus.FAILED, RunStatus.ROLLED_BACK, RunStatus.HELD):
        return Happening.FAILED
    if status is not RunStatus.COMPLETED:
        return None
    if run.target is RunTarget.VALIDATE:
        return Happening.DRIFT if _differs(run) else None
    return Happening.COMPLETED


async def tell(session: AsyncSession, run: Run, status: RunStatus) -> None:
    """Write a message to everyone who wants to know that the run gets this status; they leave after the commit."""
    event = happening(run, status)
    if event is not None:
        await tell_of(session, run, event)


async def tell_of(session: AsyncSession, run: Run, event: Happening, **more: object) -> None:
    """The same for a happening that is no status; `more` is added to the message's data."""
    subject = await _subject(session, run)
    wanted = select(Notification.id).where(Notification.events.contains([event.value]))
    for column, name in ((Notification.product, "product"), (Notification.customer, "customer")):
        wanted = wanted.where(or_(column.is_(None), column == (subject[name] if subject else None)))
    await _write(session, run, event, wanted, {"subscription": subject, **more})


async def tell_named(session: AsyncSession, run: Run, event: Happening, names: Sequence[str], **more: object) -> None:
    """The same to those who are named: e-mail addresses, and names of notifications; other names tell nobody."""
    if not names:
        return
    data = {"subscription": await _subject(session, run), **more}
    await _write(session, run, event, select(Notification.id).where(Notification.name.in_(names)), data)
    addresses = [name for name in names if _ADDRESS.fullmatch(name)]
    if addresses:
        policies = select(Notification.id).where(Notification.name == POLICIES)
        await _write(session, run, event, policies, data, addresses)


async def _write(
    session: AsyncSession,
    run: Run,
    event: Happening,
    wanted: Select[uuid.UUID],
    data: Mapping[str, object],
    recipients: list[str] | None = None,
) -> None:
    wanted = wanted.where(~Notification.paused)
    # Nobody removes one of them before the message is stored.
    wanted = wanted.with_for_update(read=True, key_share=True)
    rows = [
        {
            "id": uuid.uuid4(),
            "notification_id": identity,
            "run_id": run.id,
            "event": event,
            "status": DeliveryStatus.PENDING,
            "recipients": recipients,
            "payload": message(event, datetime.now(UTC), {**_of(run), **data}),
        }
        for identity in await session.scalars(wanted)
    ]
    if rows:
        await session.execute(insert(Delivery), rows)


def message(event: Happening, when: datetime, data: Mapping[str, object]) -> JsonObject:
    """The message that is sent, whichever way."""
    return {"type": event.value, "timestamp": when.isoformat(), "data": dict(data)}


async def _subject(session: AsyncSession, run: Run) -> JsonObject | None:
    query = (
        select(
            Subscription.id,
            Subscription.description,
            Subscription.product_slug.label("product"),
            Customer.shortcode.label("customer"),
            Subscription.status,
        )
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(Subscription.id == run.subscription_id)
    )
    row = (await session.execute(query)).one_or_none() if run.subscription_id else None
    return {**row._mapping, "id": str(row.id), "status": row.status.value} if row else None  # noqa: SLF001


def _of(run: Run) -> JsonObject:
    error = run.error
    shown = (
        {name: str(error[name])[:_LONGEST_TEXT] for name in ("title", "detail") if error.get(name)} if error else None
    )
    return {
        "run": {
            "id": str(run.id),
            "target": run.target.value,
            "status": run.status.value,
            "title": run.title,
            "created_by": run.created_by,
        },
        "error": shown,
        "differs": _differs(run),
    }


def _differs(run: Run) -> JsonObject | None:
    """What the plan would change, by name; the run's plan has the whole."""
    if not run.plan:
        return None
    operations = cast("list[JsonObject]", run.plan["netbox"])
    devices = list(cast("JsonObject", run.plan["devices"]))
    if not operations and not devices:
        return None
    named = [f"{item.get('op')} {item.get('type')} {item.get('name')}" for item in operations[:_MOST_NAMED]]
    return {"netbox": named, "netbox_operations": len(operations), "devices": devices[:_MOST_NAMED]}
