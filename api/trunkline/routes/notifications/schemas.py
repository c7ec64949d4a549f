"""Notifications as the API speaks of them: never with a secret, but once."""

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trunkline.catalog.types import Slug
from trunkline.db.models import DeliveryStatus, Happening, NotificationKind
from trunkline.routes.paging import ListParams
from trunkline.routes.schedules.schemas import Name

Event = Literal["completed", "failed", "approval-needed", "drift"]
Events = Annotated[list[Event], Field(min_length=1, max_length=4)]
Url = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=r"^https?://[^\s@/?#]+(/[^\s#]*)?$",
        description="Write-only: only its origin is ever shown",
        examples=["https://hooks.example.net/trunkline/T0P"],
    ),
]
Secret = Annotated[
    str,
    Field(
        min_length=24,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Write-only: signs the messages; made when it is left out, and then shown once",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
    ),
]
Recipients = Annotated[
    list[Annotated[str, Field(max_length=254, pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$")]],
    Field(max_length=50, examples=[["noc@example.net"]]),
]


class NotificationIn(BaseModel):
    """A new notification."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "on-call",
                    "kind": "webhook",
                    "events": ["failed", "drift"],
                    "url": "https://hooks.example.net/trunkline/T0P",
                },
                {"name": "noc", "kind": "email", "events": ["approval-needed"], "recipients": ["noc@example.net"]},
            ]
        },
    )

    name: Name
    kind: NotificationKind
    events: Events
    product: Slug | None = Field(None, description="Only of subscriptions of this product")
    customer: Slug | None = Field(None, description="Only of subscriptions of this customer")
    url: Url | None = None
    secret: Secret | None = None
    recipients: Recipients = Field(default_factory=list)
    paused: bool = False

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind is NotificationKind.WEBHOOK and (not self.url or self.recipients):
            raise ValueError("a webhook needs url, and takes no recipients")
        if self.kind is NotificationKind.EMAIL and (not self.recipients or self.url or self.secret):
            raise ValueError("an e-mail needs recipients, and takes neither url nor secret")
        return self


class NotificationChange(BaseModel):
    """What can be changed of a notification. Only fields given change."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"paused": True}]})

    events: Events | None = None
    url: Url | None = None
    secret: Secret | None = None
    recipients: Recipients | None = None
    paused: bool | None = None


class NotificationOut(BaseModel):
    """A notification without its secrets."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str = Field(examples=["on-call"])
    kind: NotificationKind
    events: list[str] = Field(examples=[["failed", "drift"]])
    product: str | None
    customer: str | None
    shown: str = Field(description="Where messages go; of a URL its origin", examples=["https://hooks.example.net"])
    recipients: list[str]
    paused: bool
    created_by: str
    created_at: datetime


class NotificationCreated(NotificationOut):
    """A notification just made."""

    secret: str | None = Field(description="With which messages are signed, if it was made here: shown this once")


class NotificationFilter(ListParams):
    """Filters of the list of notifications."""

    sort: str = Field("name", description="Field to sort by; `-` before it: descending")
    name: str | None = None
    kind: str | None = None
    paused: str | None = None


class DeliveryOut(BaseModel):
    """One message to one destination."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID = Field(description="The receiver's webhook-id, the same at every attempt")
    event: Happening
    run: uuid.UUID | None = Field(validation_alias="run_id")
    status: DeliveryStatus
    attempts: int
    outcome: str | None = Field(description="What came of the last attempt", examples=["204"])
    next_attempt_at: datetime
    created_at: datetime
    finished_at: datetime | None


class DeliveryFilter(ListParams):
    """Filters of the log of deliveries."""

    status: str | None = None
    event: str | None = None
    run: str | None = None
