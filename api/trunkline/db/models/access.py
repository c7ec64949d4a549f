"""Tokens, sessions of browsers, the audit trail, and the keys of requests that were made before."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base, JsonObject


class Token(Base):
    """A bearer token; only its hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    created_by: Mapped[str] = mapped_column(String(100), server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class BrowserSession(Base):
    """A browser that has logged in; of its cookie only the hash is kept."""

    __tablename__ = "sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    # Sent back by the pages that we made, and known to no other site.
    csrf: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JSONB)
    # It ends with the token that it was opened with.
    token_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class RequestRate(Base):
    """How many requests somebody may still send; what has not been touched for a minute is full (access.rates)."""

    __tablename__ = "request_rates"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    who: Mapped[str] = mapped_column(Text, primary_key=True)
    remaining: Mapped[float]
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class AuditEntry(Base):
    """Something that was done or refused: written by triggers and by trunkline.access.audit, never changed."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str] = mapped_column(String(100))
    via: Mapped[str] = mapped_column(String(100), server_default="")
    address: Mapped[str] = mapped_column(String(64), server_default="")
    action: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(200))
    run_id: Mapped[uuid.UUID | None]
    before: Mapped[JsonObject]
    after: Mapped[JsonObject]

    # No foreign keys: what was done stays on record when what it was done to is gone.
    __table_args__ = (
        Index("ix_audit_at_id", "at", "id"),
        Index("ix_audit_kind_object_id", "kind", "object_id"),
        Index("ix_audit_actor_at", "actor", "at"),
    )


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
