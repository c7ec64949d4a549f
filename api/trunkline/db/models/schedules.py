"""Schedules: tasks that are started by the clock; and how far tasks over many subscriptions have come."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trunkline.db.models.base import Base, JsonObject, text_enum
from trunkline.db.models.kinds import Approval
from trunkline.db.models.runs import Run


class Schedule(Base):
    """A task that is started at the times that a cron expression names."""

    __tablename__ = "schedules"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    task: Mapped[str] = mapped_column(String(100))
    input: Mapped[JsonObject]
    approval: Mapped[Approval] = mapped_column(text_enum(Approval), default=Approval.AUTO)
    cron: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64))
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The occurrence that comes next; none while it is paused. Whoever fires it moves it on in the same transaction.
    next_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    last_run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    # Why the last occurrence started no run.
    last_error: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    last_run: Mapped[Run | None] = relationship(lazy="joined")

    __table_args__ = (Index("ix_schedules_next_at", "next_at", postgresql_where=text("NOT paused")),)


class Sweep(Base):
    """How far a task that starts a run for each of many subscriptions has come: begun again, it goes on there."""

    __tablename__ = "sweeps"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    # Subscriptions come in the order of their ids: those up to this one were seen.
    last_id: Mapped[uuid.UUID | None]
    seen_all: Mapped[bool] = mapped_column(default=False, server_default=false())
    started: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    busy: Mapped[int] = mapped_column(default=0, server_default=text("0"))
