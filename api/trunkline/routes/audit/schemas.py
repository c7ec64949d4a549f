"""Entries of the audit trail as the API speaks of them."""

import uuid
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline.db.models import JsonObject
from trunkline.routes.paging import ListParams


class AuditOut(BaseModel):
    """Something that was done or refused."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor: str = Field(description="Name of the token or the person; of a person at psql PostgreSQL's user")
    via: str = Field(description="What opened the door", examples=["token tl_1f2e3d4c"])
    address: str = Field(description="Where the request came from; empty for what a worker does")
    action: str = Field(examples=["created", "changed", "deleted", "refused"])
    kind: str = Field(description="What it was done to", examples=["subscriptions", "runs", "tokens"])
    object_id: str
    run_id: uuid.UUID | None
    before: JsonObject
    after: JsonObject


class AuditFilter(ListParams):
    """Filters of the audit trail."""

    sort: str = Field("-at", description="Field to sort by; `-` before it: descending")
    actor: str | None = None
    action: str | None = None
    kind: str | None = None
    object_id: str | None = None
    run_id: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
