"""The workers that are at work, or were until a moment ago."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.db.models.base import Base, text_enum
from trunkline.db.models.kinds import WorkerState


class Worker(Base):
    """One worker; `id` is that of its row in procrastinate_workers, which its jobs refer to and which goes with it."""

    __tablename__ = "workers"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(Text)
    revision: Mapped[str] = mapped_column(Text)  # the last migration that its code knows
    concurrency: Mapped[int]
    state: Mapped[WorkerState] = mapped_column(text_enum(WorkerState))
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    last_heartbeat: Mapped[datetime] = mapped_column(server_default=func.now())
