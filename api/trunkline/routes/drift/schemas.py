"""Drift as the API speaks of it."""

import uuid
from datetime import datetime

from pydantic import BaseModel, Field

from trunkline.routes.paging import ListParams
from trunkline.routes.runs.schemas import PlanOperation


class DriftOut(BaseModel):
    """A subscription that is not as ordered, and what its last validation would have to change."""

    id: uuid.UUID = Field(description="Of the subscription")
    description: str = Field(examples=["Node ams-pe at ams"])
    product: str = Field(examples=["node-frr"])
    customer: str = Field(examples=["noc"])
    status: str = Field(examples=["active"])
    run: uuid.UUID | None = Field(description="The validation; null: none has looked since a run failed on it")
    found_at: datetime | None
    netbox: list[PlanOperation]
    devices: dict[str, str] = Field(description="Device -> unified diff of its configuration")
    created_at: datetime = Field(description="When the subscription was ordered")


class DriftFilter(ListParams):
    """Filters of the report of drift."""

    sort: str = Field("description", description="Field to sort by; `-` before it: descending")
    product: str | None = None
    customer: str | None = None
    description: str | None = None
