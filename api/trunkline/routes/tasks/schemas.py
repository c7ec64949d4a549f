"""Tasks as the API speaks of them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.db.models import Approval


class TaskOut(BaseModel):
    """A task that can be started."""

    name: str = Field(examples=["validate-all"])
    description: str
    input_schema: dict[str, Any] = Field(description="JSON Schema of `input`")


class TaskIn(BaseModel):
    """What a task is started with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"input": {"product": "node-frr"}}]})

    input: dict[str, Any] = Field(default_factory=dict)
    approval: Approval = Approval.AUTO
    plan_only: bool = Field(False, description="The run ends with its plan: nothing is changed")
