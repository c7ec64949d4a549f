"""The tables. Times are UTC; ids are UUIDs but for events and steps, whose order matters."""

import enum
import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Computed,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

type JsonObject = dict[str, object]


class Base(DeclarativeBase):
    """Base of all tables; constraints get names by rule, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        JsonObject: JSONB,
        dict[str, object]: JSONB,
    }


class Lifecycle(enum.StrEnum):
    """Where a subscription is in its life."""

    INITIAL = "initial"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    MIGRATING = "migrating"
    DISABLED = "disabled"
    TERMINATED = "terminated"


class RunStatus(enum.StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting-approval"
    APPLYING = "applying"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Nothing more will happen by itself."""
        return self in ENDED


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.ROLLED_BACK, RunStatus.CANCELLED})
LIVE = frozenset(RunStatus) - ENDED


class RunTarget(enum.StrEnum):
    """What a run does to its subscription; a batch carries out other runs together, a task has no subscription."""

    CREATE = "create"
    MODIFY = "modify"
    TERMINATE = "terminate"
    VALIDATE = "validate"
    RESYNC = "resync"
    BATCH = "batch"
    TASK = "task"


class Approval(enum.StrEnum):
    """Whether a person approves the plan before it is applied."""

    AUTO = "auto"
    MANUAL = "manual"


def _enum(type_: type[enum.StrEnum]) -> Enum:
    # Text with the value, not a PostgreSQL enum: a new value then needs no migration of the type.
    return Enum(
        type_, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e]
    )


class Customer(Base):
    """Whom a subscription is for."""

    __tablename__ = "customers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    shortcode: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProductBlock(Base):
    """A product block, as the database knows it. `fields`: name -> what trunkline.catalog.resource_types says."""

    __tablename__ = "product_blocks"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    fields: Mapped[JsonObject]


class ProductRow(Base):
    """A product of the catalogue, as the database knows it."""

    __tablename__ = "products"

    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    block: Mapped[str | None] = mapped_column(ForeignKey("product_blocks.name", onupdate="CASCADE"))
    fixed_inputs: Mapped[JsonObject]
    # "removed": gone from the catalogue, kept for the terminated subscriptions that had it.
    status: Mapped[str] = mapped_column(String(32), server_default="active")
    customers: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    # A migration has rewritten its subscriptions: what the code derives from them (claims, description) is due.
    rewritten: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("uq_products_name", "name", unique=True, postgresql_where=text("status <> 'removed'")),)


class RemovedValue(Base):
    """A value that a migration removed from a stored block, so that its downgrade can put it back."""

    __tablename__ = "removed_values"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    revision: Mapped[str] = mapped_column(String(32))
    field: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(32))  # the column that held it, or "dependencies"
    row_id: Mapped[uuid.UUID]
    path: Mapped[str] = mapped_column(Text)
    value: Mapped[object] = mapped_column(JSONB)

    __table_args__ = (Index("ix_removed_values_revision_field", "revision", "field"),)


# Words of what people see and of all values of the block; trunkline/routes/subscriptions/search.py asks for them.
_SEARCH = r"""
to_tsvector('simple', regexp_replace(
    description || ' ' || note || ' ' || product_slug || ' '
    || jsonb_path_query_array(block, '$.** ? (@.type() == "string" || @.type() == "number")')::text,
    '[^[:alnum:]]+', ' ', 'g'))
"""


class Subscription(Base):
    """A product ordered for a customer."""

    __tablename__ = "subscriptions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    product_slug: Mapped[str] = mapped_column(ForeignKey("products.slug", onupdate="CASCADE"))
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[Lifecycle] = mapped_column(_enum(Lifecycle), default=Lifecycle.INITIAL)
    insync: Mapped[bool] = mapped_column(default=False)
    # Something may exist in NetBox or on a router: set before the first write, cleared when all is removed.
    touched: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    block: Mapped[JsonObject]
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    search: Mapped[str | None] = mapped_column(TSVECTOR, Computed(_SEARCH, persisted=True), deferred=True)

    product: Mapped[ProductRow] = relationship(lazy="joined", innerjoin=True)
    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        Index("ix_subscriptions_created_at_id", "created_at", "id"),
        Index("ix_subscriptions_updated_at_id", "updated_at", "id"),
        Index("ix_subscriptions_description_id", "description", "id"),
        # Filtered by one of these and sorted by age: the first page is read off the index.
        Index("ix_subscriptions_status_created_at_id", "status", "created_at", "id"),
        Index("ix_subscriptions_product_slug_created_at_id", "product_slug", "created_at", "id"),
        Index("ix_subscriptions_customer_id_created_at_id", "customer_id", "created_at", "id"),
        # Descriptions begin with the product's name: without this a page of one product skips those of all others.
        Index("ix_subscriptions_product_slug_description_id", "product_slug", "description", "id"),
        Index("ix_subscriptions_search", "search", postgresql_using="gin"),
    )


class Change(Base):
    """What changed of a subscription, written by a trigger: only the columns that differ, before and after."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    subscription_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("runs.id", deferrable=True, initially="DEFERRED"), index=True
    )
    made_by: Mapped[str] = mapped_column(String(100))
    before: Mapped[JsonObject]
    after: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_changes_subscription_id_id", "subscription_id", "id"),)


class Claim(Base):
    """Something that only one living subscription may hold: a node's name, an interface."""

    __tablename__ = "claims"

    what: Mapped[str] = mapped_column(String(300), primary_key=True)
    subscription_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True)


class Dependency(Base):
    """`subscription` refers to `depends_on` in the field `path` of its block."""

    __tablename__ = "dependencies"

    subscription_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    depends_on_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("subscriptions.id"), index=True)


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
    desired_status: Mapped[Lifecycle | None] = mapped_column(_enum(Lifecycle))
    # Of the plan of an order that was not placed: id, product and customer of what would be made.
    order: Mapped[JsonObject | None]
    task: Mapped[str | None] = mapped_column(String(100))
    # The run that started this one; one that is `carried` has no jobs of its own, its parent does its work.
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id"), index=True)
    carried: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    position: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    target: Mapped[RunTarget] = mapped_column(_enum(RunTarget))
    status: Mapped[RunStatus] = mapped_column(_enum(RunStatus), default=RunStatus.QUEUED)
    approval: Mapped[Approval] = mapped_column(_enum(Approval))
    before: Mapped[JsonObject]  # the block when the run was ordered
    desired: Mapped[JsonObject]  # the block that it is to bring about
    plan: Mapped[JsonObject | None]
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[JsonObject | None]
    # Each beginning of a stage counts up; a worker that was given up on finds another number and may not write.
    attempt: Mapped[int] = mapped_column(default=0)
    # Beginnings of the present stage that nobody ended: a stage that kills its workers is given up in the end.
    stage_attempts: Mapped[int] = mapped_column(default=0)
    # The name of the present stage's launch, where launches outlive their worker: begun again, it is followed on.
    launch: Mapped[str | None] = mapped_column(String(100))
    cancel_requested_by: Mapped[str | None] = mapped_column(String(100))
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


class Token(Base):
    """A bearer token; only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """The answer to a creating request that carried an Idempotency-Key."""

    __tablename__ = "idempotency_keys"

    created_by: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
