"""Notifications: made, changed, tried out."""

import ipaddress
import uuid
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.access import Caller
from trunkline.db.models import Delivery, Happening, Notification, NotificationKind
from trunkline.errors import Conflict, Duplicate, FieldError, NotFound, invalid
from trunkline.notify.guard import is_public, networks
from trunkline.notify.outbox import message
from trunkline.notify.seal import Seal, SealError
from trunkline.notify.signature import new_secret
from trunkline.routes.notifications.schemas import NotificationChange, NotificationIn
from trunkline.settings import Settings


async def get(session: AsyncSession, name: str, *, lock: bool = False) -> Notification:
    """The notification. Raises NotFound."""
    query = select(Notification).where(Notification.name == name)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no notification {name}. GET /api/v1/notifications lists them.")
    return row


async def create(
    session: AsyncSession, settings: Settings, caller: Caller, body: NotificationIn
) -> tuple[Notification, str | None]:
    """The notification, and the secret that was made for it. Raises Invalid, Duplicate, Conflict."""
    made = new_secret() if body.url and not body.secret else None
    row = {
        "id": uuid.uuid4(),
        "name": body.name,
        "kind": body.kind,
        "events": list(body.events),
        "product": body.product,
        "customer": body.customer,
        "shown": _shown(settings, body.url) if body.url else ", ".join(body.recipients),
        "sealed": _close(settings, body.url, body.secret or made) if body.url else None,
        "recipients": body.recipients,
        "paused": body.paused,
        "created_by": caller.name,
    }
    statement = insert(Notification).values(row).on_conflict_do_nothing().returning(Notification)
    created = await session.scalar(statement)
    if created is None:
        raise Duplicate(f"There is a notification {body.name} already: change it, or choose another name.")
    return created, made


async def change(session: AsyncSession, settings: Settings, row: Notification, body: NotificationChange) -> None:
    """Change what is given. Raises Invalid, Conflict."""
    given = body.model_fields_set
    if not given:
        message = "give at least one of events, url, secret, recipients and paused"
        raise invalid([FieldError(field="events", message=message)])
    webhook = row.kind is NotificationKind.WEBHOOK
    wrong = given & ({"recipients"} if webhook else {"url", "secret"})
    if wrong:
        raise invalid([FieldError(field=name, message=f"is not for one by {row.kind}") for name in sorted(wrong)])
    if body.recipients == []:
        raise invalid([FieldError(field="recipients", message="give at least one, or pause it")])
    if body.url or body.secret:
        before = _open(settings, row)
        row.sealed = _close(settings, body.url or before["url"], body.secret or before["secret"])
        row.shown = _shown(settings, body.url) if body.url else row.shown
    if body.recipients:
        row.recipients, row.shown = body.recipients, ", ".join(body.recipients)
    row.events = list(body.events) if body.events else row.events
    row.paused = row.paused if body.paused is None else body.paused
    await session.flush()


async def try_out(session: AsyncSession, row: Notification) -> Delivery:
    """A message that says no more than that messages arrive. Raises Conflict."""
    if row.paused:
        raise Conflict(f"Notification {row.name} is paused: resume it first.")
    payload = message(Happening.TEST, datetime.now(UTC), {})
    delivery = Delivery(notification_id=row.id, event=Happening.TEST, payload=payload)
    session.add(delivery)
    await session.flush()
    await session.refresh(delivery)
    return delivery


def _shown(settings: Settings, url: str) -> str:
    """The origin of a URL. Raises Invalid for one that cannot be, and for an address that messages would not go to."""
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise invalid([FieldError(field="url", message=f"is no URL: {error}")]) from None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return origin
    if not is_public(address) and not any(address in network for network in networks(settings.webhook_allow)):
        remedy = "TRUNKLINE_WEBHOOK_ALLOW names the networks where that is wanted"
        raise invalid([FieldError(field="url", message=f"{address} is no public address; {remedy}")])
    return origin


def _close(settings: Settings, url: str, secret: str | None) -> str:
    try:
        return Seal(settings.secret_key).close({"url": url, "secret": secret})
    except SealError as error:
        raise Conflict(str(error)) from None


def _open(settings: Settings, row: Notification) -> dict[str, str]:
    try:
        return cast("dict[str, str]", Seal(settings.secret_key).open(row.sealed or ""))
    except SealError as error:
        raise Conflict(str(error)) from None
