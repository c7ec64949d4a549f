"""Policies as the API speaks of them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator

from trunkline.db.models import Approval, OnFailure, RunTarget
from trunkline.routes.paging import ListParams

_EXAMPLE: JsonValue = {
    "targets": ["modify", "terminate"],
    "min_devices": 2,
    "approval": "manual",
    "notify": ["noc@example.org"],
    "escalate_after_s": 3600,
    "escalate_to": ["duty-officer@example.org"],
    "expire_after_s": 86400,
    "on_failure": "hold",
}
_Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Names = Annotated[list[_Word], Field(max_length=100)]
Least = Annotated[int, Field(ge=1, le=1_000_000)]
Seconds = Annotated[int, Field(ge=1, le=10_000_000)]
Persons = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]], Field(max_length=100)
]


class Rule(BaseModel):
    """Which plans it concerns, and what holds for them. All conditions given must be met; without any: all plans."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    products: Names = Field([], description="Slugs of products; empty: any", examples=[["core-circuit-10g"]])
    targets: Annotated[list[RunTarget], Field(max_length=10)] = Field([], description="What runs do; empty: anything")
    customers: Names = Field([], description="Shortcodes of customers; empty: any", examples=[["noc"]])
    min_operations: Least | None = Field(None, description="At least so many operations in NetBox")
    min_devices: Least | None = Field(None, description="At least so many devices change")
    min_lines: Least | None = Field(None, description="At least so many lines of configuration change")

    approval: Approval = Field(Approval.AUTO, description="manual: a person approves the plan, whatever was ordered")
    notify: Persons = Field([], description="Who is told that a plan waits for approval")
    escalate_after_s: Seconds | None = Field(None, description="Waited for so long, the approval is passed on")
    escalate_to: Persons = Field([], description="To whom it is passed on")
    expire_after_s: Seconds | None = Field(None, description="Waited for so long, the run is cancelled")
    on_failure: OnFailure = Field(
        OnFailure.ROLLBACK, description="hold: what an apply that fails has done is kept until a person decides"
    )

    @field_validator("escalate_to")
    @classmethod
    def _has_a_time(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if value and info.data.get("escalate_after_s") is None:
            raise ValueError("give escalate_after_s as well, the time after which they are told")
        return value

    @field_validator("expire_after_s")
    @classmethod
    def _after_escalation(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value <= (info.data.get("escalate_after_s") or 0):
            raise ValueError("must be more than escalate_after_s: who is told then needs time to answer")
        return value


class PolicyOut(Rule):
    """A policy."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["large-changes"])
    created_at: datetime


class PolicyFilter(ListParams):
    """Filters of the list of policies."""

    sort: str = Field("name", description="Field to sort by; `-` before it: descending")
    name: str | None = None
    approval: str | None = Field(None, examples=["manual"])
