"""Runs, their steps and events."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trunkline.db.models.base import Base, JsonObject, text_enum
from trunkline.db.models.kinds import Approval, Lifecycle, RunStatus, RunTarget
from trunkline.db.models.subscriptions import Subscription


class Run(Base):
    """One execution of a workflow: for a subscription, or for none (a task, a batch, the plan of an order)."""

    __tablename__ = "runs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    subscription_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("subscriptions.id"))
    title: Mapped[str] = mapped_column(Text, server_default="")
    # Ends with its plan: nothing is changed.
    plan_only: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # A router that is gone for good: only NetBox is brought in order.
    skip_devices: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    desired_status: Mapped[Lifecycle | None] = mapped_column(text_enum(Lifecycle))
    # Of the plan of an order that was not placed: id, product and customer of what would be made.
    order: Mapped[JsonObject | None]
    task: Mapped[str | None] = mapped_column(String(100))
    # The run that started this one; one that is `carried` has no jobs of its own, its parent does its work.
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id"), index=True)
    carried: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    position: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    target: Mapped[RunTarget] = mapped_column(text_enum(RunTarget))
    status: Mapped[RunStatus] = mapped_column(text_enum(RunStatus), default=RunStatus.QUEUED)
    approval: Mapped[Approval] = mapped_column(text_enum(Approval))
    before: Mapped[JsonObject]  # the block when the run was ordered
    desired: Mapped[JsonObject]  # the block that it is to bring about
    plan: Mapped[JsonObject | None]
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    # The plan that was approved, or waited for it, when the present one was computed and came out otherwise.
    previous_plan: Mapped[JsonObject | None]
    # What the policies said when the plan was made: trunkline.runs.policy.Decision.
    decision: Mapped[JsonObject | None]
    # While it waits for approval: when it is passed on to others, and when it is given up.
    escalates_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    # Since when its plan fails because NetBox or a device does not answer.
    away_since: Mapped[datetime | None]
    error: Mapped[JsonObject | None]
    # Each beginning of a stage counts up; a worker that was given up on finds another number and may not write.
    attempt: Mapped[int] = mapped_column(default=0)
    # Batches of events that this attempt has stored: one whose commit was not answered is not stored twice.
    recorded: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # Beginnings of the present stage that nobody ended: a stage that kills its workers is given up in the end.
    stage_attempts: Mapped[int] = mapped_column(default=0)
    # The name of the present stage's launch, where launches outlive their worker: begun again, it is followed on.
    launch: Mapped[str | None] = mapped_column(String(100))
    # Who asked to stop the present stage, and why.
    cancel_requested_by: Mapped[str | None] = mapped_column(String(100))
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    retry_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id"))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    subscription: Mapped[Subscription | None] = relationship(lazy="joined")

    @property
    def lane(self) -> str:
        """Jobs of one lane take turns."""
        return str(self.subscription_id or self.id)

    @property
    def locks(self) -> bool:
        """Whether it changes its subscription, so that what depends on that must wait."""
        return self.target is not RunTarget.VALIDATE and not self.plan_only

    __table_args__ = (
        Index(
            "uq_runs_live",
            "subscription_id",
            unique=True,
            postgresql_where=text("status NOT IN ('completed', 'failed', 'rolled-back', 'cancelled')"),
        ),
        Index("ix_runs_subscription_id_created_at", "subscription_id", "created_at"),
        Index("ix_runs_created_at_id", "created_at", "id"),
        Index("ix_runs_status", "status"),
    )


class Step(Base):
    """One task of a run's playbook. `key` is unique within the run, also over attempts."""

    __tablename__ = "steps"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_steps_run_id_key", "run_id", "key", unique=True),)


class Event(Base):
    """Something that happened in a run; ids grow in the order in which a run's events can be seen."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(64))
    host: Mapped[str | None] = mapped_column(Text)
    task: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_events_run_id_id", "run_id", "id"),)
