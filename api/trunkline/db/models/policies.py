"""Policies: which plans a person approves, who is told, and what becomes of an apply that fails."""

import uuid
from datetime import datetime

from sqlalchemy import String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base, text_enum
from trunkline.db.models.kinds import Approval, OnFailure


class Policy(Base):
    """A rule. It matches a plan that meets every condition given: an empty list is none, nor is a missing minimum."""

    __tablename__ = "policies"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(100), unique=True)

    products: Mapped[list[str]] = mapped_column(JSONB, default=list)
    targets: Mapped[list[str]] = mapped_column(JSONB, default=list)
    customers: Mapped[list[str]] = mapped_column(JSONB, default=list)  # shortcodes
    min_operations: Mapped[int | None]
    min_devices: Mapped[int | None]
    min_lines: Mapped[int | None]

    approval: Mapped[Approval] = mapped_column(text_enum(Approval), default=Approval.AUTO)
    notify: Mapped[list[str]] = mapped_column(JSONB, default=list)
    escalate_after_s: Mapped[int | None]
    escalate_to: Mapped[list[str]] = mapped_column(JSONB, default=list)
    expire_after_s: Mapped[int | None]
    on_failure: Mapped[OnFailure] = mapped_column(text_enum(OnFailure), default=OnFailure.ROLLBACK)

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
