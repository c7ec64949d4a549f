"""Forms as the API speaks of them."""

import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.routes.runs.schemas import PlanOut, RunError


class FormIn(BaseModel):
    """What has been filled in so far: an object a page, the first page first."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"pages": []}, {"pages": [{"customer": "noc", "note": ""}]}]}
    )

    pages: list[dict[str, Any]] = Field(default_factory=list, max_length=20)
    subscription: uuid.UUID | None = Field(None, description="What it is about; not for a create")


class FormPlan(BaseModel):
    """What the last page shows."""

    run: uuid.UUID
    status: str = Field(description="completed: `plan` is there; planning: follow the run", examples=["completed"])
    plan: PlanOut | None
    error: RunError | None


class FormOut(BaseModel):
    """The page to fill in next."""

    page: int = Field(description="How many pages were accepted before it", examples=[1])
    title: str = Field(examples=["Core circuit 10G"])
    form: dict[str, Any] = Field(
        alias="schema", serialization_alias="schema", description="JSON Schema (2020-12) of the page"
    )
    last: bool = Field(description="Accepting it places the order")
    plan: FormPlan | None = Field(description="Of the last page: what would be done")
