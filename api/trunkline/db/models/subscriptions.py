"""Subscriptions, their history, and what they hold and refer to."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, String, Text, func
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trunkline.db.models.base import Base, JsonObject, text_enum
from trunkline.db.models.catalog import Customer, ProductRow
from trunkline.db.models.kinds import Lifecycle

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
    status: Mapped[Lifecycle] = mapped_column(text_enum(Lifecycle), default=Lifecycle.INITIAL)
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
