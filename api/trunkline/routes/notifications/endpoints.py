"""Notifications: who is told of what, and what became of each message."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.db.models import Delivery, Notification
from trunkline.errors import ProblemDocument
from trunkline.routes.authentication import Authenticated, needs
from trunkline.routes.etags import IfMatch, etag, must_match
from trunkline.routes.notifications import service
from trunkline.routes.notifications.schemas import (
    DeliveryFilter,
    DeliveryOut,
    NotificationChange,
    NotificationCreated,
    NotificationFilter,
    NotificationIn,
    NotificationOut,
)
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Session

router = APIRouter(prefix="/notifications", tags=["notifications"])

_CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"model": ProblemDocument, "description": "It was changed since you looked at it"}
}


@router.get(
    "",
    summary="List notifications",
    response_model=Page[NotificationOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER)],
)
async def list_notifications(session: Session, params: Annotated[NotificationFilter, Query()]) -> Response:
    """Notifications by name, without their secrets."""
    return await _LISTING.answer(session, select(Notification), params, NotificationOut)


@router.post("", status_code=201, summary="Create a notification", dependencies=[needs(Role.ADMIN)])
async def create_notification(
    session: Session, caller: Authenticated, request: Request, body: NotificationIn, response: Response
) -> NotificationCreated:
    """Webhooks are signed as standardwebhooks.com says; the answer is the only place where a secret is ever shown."""
    row, secret = await service.create(session, request.app.state.settings, caller, body)
    response.headers["Location"] = f"/api/v1/notifications/{row.name}"
    return NotificationCreated(**dict(_shown(row, response)), secret=secret)


@router.get("/{name}", summary="A notification", dependencies=[needs(Role.VIEWER)])
async def get_notification(session: Session, name: str, response: Response) -> NotificationOut:
    """Where messages go, and of what."""
    return _shown(await service.get(session, name), response)


@router.patch(
    "/{name}", summary="Change, pause or resume a notification", responses=_CHANGED, dependencies=[needs(Role.ADMIN)]
)
async def change_notification(
    session: Session,
    request: Request,
    name: str,
    body: NotificationChange,
    response: Response,
    if_match: IfMatch = None,
) -> NotificationOut:
    """While it is paused nothing is sent, and what happens is not kept for it."""
    row = await service.get(session, name, lock=True)
    must_match(if_match, NotificationOut.model_validate(row))
    await service.change(session, request.app.state.settings, row, body)
    return _shown(row, response)


@router.delete(
    "/{name}", status_code=204, summary="Remove a notification", responses=_CHANGED, dependencies=[needs(Role.ADMIN)]
)
async def delete_notification(session: Session, name: str, if_match: IfMatch = None) -> None:
    """Its deliveries go with it, also those that are still to be made."""
    row = await service.get(session, name, lock=True)
    must_match(if_match, NotificationOut.model_validate(row))
    await session.delete(row)


@router.post("/{name}/test", status_code=202, summary="Send a test message", dependencies=[needs(Role.OPERATOR)])
async def test_notification(session: Session, name: str) -> DeliveryOut:
    """The delivery: look at it in the log a moment later."""
    return DeliveryOut.model_validate(await service.try_out(session, await service.get(session, name)))


@router.get(
    "/{name}/deliveries",
    summary="List deliveries",
    response_model=Page[DeliveryOut] | Page[Partial],
    dependencies=[needs(Role.VIEWER)],
)
async def list_deliveries(session: Session, name: str, params: Annotated[DeliveryFilter, Query()]) -> Response:
    """What was sent, what is still to be sent, and what came of it; finished ones are kept for 30 days."""
    row = await service.get(session, name)
    query = select(Delivery).where(Delivery.notification_id == row.id)
    return await _DELIVERIES.answer(session, query, params, DeliveryOut)


def _shown(row: Notification, response: Response) -> NotificationOut:
    shown = NotificationOut.model_validate(row)
    response.headers["ETag"] = etag(shown)
    return shown


_LISTING = Listing(
    id=Notification.id.expression,
    sorts={"name": Notification.name.expression, "created_at": Notification.created_at.expression},
    filters={
        "name": Notification.name.expression,
        "kind": Notification.kind.expression,
        "paused": Notification.paused.expression,
    },
)
_DELIVERIES = Listing(
    id=Delivery.id.expression,
    sorts={"created_at": Delivery.created_at.expression},
    filters={
        "status": Delivery.status.expression,
        "event": Delivery.event.expression,
        "run": Delivery.run_id.expression,
    },
)
