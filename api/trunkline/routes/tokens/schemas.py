"""Tokens as the API speaks of them: never with their secret, but once."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline.access import Role
from trunkline.routes.paging import ListParams

_Scope = Annotated[str, Field(max_length=250)]


class TokenIn(BaseModel):
    """A new token."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "awx", "scopes": ["viewer", "operator:customer=noc"]}]},
    )

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    scopes: list[_Scope] = Field(
        [Role.VIEWER.value],
        min_length=1,
        max_length=50,
        description="Roles (viewer, operator, approver, admin), each with :product=SLUG,customer=SHORTCODE to limit it",
    )
    expires_at: AwareDatetime | None = Field(None, description="From then on it opens nothing")


class TokenOut(BaseModel):
    """A token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str = Field(examples=["awx"])
    prefix: str = Field(examples=["tl_1f2e3d4c"])
    scopes: list[str] = Field(examples=[["operator:customer=noc"]])
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenCreated(BaseModel):
    """A token just made; `token` is shown this once."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None
    token: str


class TokenFilter(ListParams):
    """Filters of the list of tokens."""

    name: str | None = None
    prefix: str | None = None
