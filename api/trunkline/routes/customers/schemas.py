"""Customers as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trunkline.catalog.types import Slug, Text
from trunkline.routes.paging import ListParams

Name = Annotated[Text, Field(examples=["NREN NOC"])]


class CustomerIn(BaseModel):
    """A new customer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"shortcode": "noc", "name": "NREN NOC"}]}
    )

    shortcode: Slug
    name: Name


class CustomerChange(BaseModel):
    """What can be changed of a customer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Network Operations"}]})

    name: Name


class CustomerOut(BaseModel):
    """A customer."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    shortcode: str = Field(examples=["noc"])
    name: str = Field(examples=["NREN NOC"])
    created_at: datetime


class CustomerFilter(ListParams):
    """Filters of the list of customers."""

    sort: str = Field("shortcode", description="Field to sort by; `-` before it: descending")
    shortcode: str | None = None
    name: str | None = None
