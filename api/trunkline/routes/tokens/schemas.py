"""Tokens as the API speaks of them: never with their secret, but once."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from trunkline.routes.paging import ListParams


class TokenIn(BaseModel):
    """A new token."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "awx"}]})

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")


class TokenOut(BaseModel):
    """A token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str = Field(examples=["awx"])
    prefix: str = Field(examples=["tl_1f2e3d4c"])
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenCreated(BaseModel):
    """A token just made; `token` is shown this once."""

    id: uuid.UUID
    name: str
    prefix: str
    token: str


class TokenFilter(ListParams):
    """Filters of the list of tokens."""

    name: str | None = None
    prefix: str | None = None
