"""Entries of the audit trail as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from trunkline.db.models import JsonObject
from trunkline.routes.paging import ListParams


def _text(value: object) -> object:
    # pydantic would take a number for seconds since 1970, which nobody means.
    if isinstance(value, str) and value.replace(".", "").replace("-", "", 1).isdigit():
        raise ValueError("must be a moment such as 2026-01-31T00:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_text)]
"""A moment in a query, with its time zone."""


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
    since: Moment | None = None
    until: Moment | None = None
