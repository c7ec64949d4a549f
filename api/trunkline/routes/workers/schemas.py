"""Workers as the API speaks of them."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from trunkline.db.models import WorkerState
from trunkline.routes.paging import ListParams


class WorkerOut(BaseModel):
    """A process that carries out runs."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    host: str
    pid: int
    version: str = Field(description="Of its code")
    revision: str = Field(description="The last migration that its code knows")
    concurrency: int = Field(description="Playbooks that it runs at a time")
    state: WorkerState = Field(
        description="`working`; `draining`: told to stop, ends what it has begun; `outdated`: newer code has upgraded "
        "the database, takes nothing more; `waiting`: the database lacks migrations; `silent`: its heartbeat is "
        "missing, its runs are taken over before long"
    )
    since: datetime
    last_heartbeat: datetime
    runs: list[uuid.UUID] = Field(description="What it works on at this moment")


class WorkerFilter(ListParams):
    """Filters of the list."""

    sort: str = Field("-since", description="Field to sort by; `-` before it: descending")
    host: str | None = None
    version: str | None = None
