"""Customers, and the catalogue as the database knows it."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base, JsonObject


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
