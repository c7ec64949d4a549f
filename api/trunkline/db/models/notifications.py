"""Notifications: who is told of what, and what became of each message."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base, JsonObject, text_enum

POLICIES = "approval-policies"
"""The notification, made with the tables, by which e-mail addresses that policies of approval name are told."""


class NotificationKind(enum.StrEnum):
    """How the message travels."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class Happening(enum.StrEnum):
    """What one can be told of."""

    COMPLETED = "completed"
    FAILED = "failed"
    APPROVAL_NEEDED = "approval-needed"
    DRIFT = "drift"
    TEST = "test"


class DeliveryStatus(enum.StrEnum):
    """What became of a message."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


class Notification(Base):
    """A destination, and what it wants to be told of."""

    __tablename__ = "notifications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[NotificationKind] = mapped_column(text_enum(NotificationKind))
    events: Mapped[list[str]] = mapped_column(JSONB)
    # Only of this product, only of this customer.
    product: Mapped[str | None] = mapped_column(String(100))
    customer: Mapped[str | None] = mapped_column(String(100))
    # Of a webhook its origin only: the rest of a URL is often a secret, and lies in `sealed` with the signing secret.
    shown: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    recipients: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Delivery(Base):
    """One message to one destination: the outbox while it is pending, the log afterwards."""

    __tablename__ = "deliveries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    notification_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    event: Mapped[Happening] = mapped_column(text_enum(Happening))
    payload: Mapped[JsonObject]
    # Of a message to people whom a policy names; else those of the notification.
    recipients: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[DeliveryStatus] = mapped_column(text_enum(DeliveryStatus), default=DeliveryStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # While it is being sent: when another worker may take it for lost and send it again.
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_deliveries_notification_id_created_at_id", "notification_id", "created_at", "id"),
        Index("ix_deliveries_next_attempt_at", "next_attempt_at", postgresql_where=text("status = 'pending'")),
    )
