"""What was measured of runs."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base


class Measurement(Base):
    """A figure of a stage that has ended, for metrics that are the same whichever process is asked."""

    __tablename__ = "measurements"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    # stage_seconds, push_seconds (one a device), netbox_requests.
    name: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(32))
    value: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
