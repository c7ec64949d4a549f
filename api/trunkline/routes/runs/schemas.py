"""Runs as the API speaks of them."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from trunkline.db.models import Run, RunStatus, RunTarget
from trunkline.routes.paging import ListParams
from trunkline.routes.subscriptions.schemas import SubscriptionOut, subscription_out
from trunkline.runs.outcome import changes_anything


class StepOut(BaseModel):
    """One task of the run's playbooks."""

    model_config = ConfigDict(from_attributes=True)

    stage: str = Field(examples=["apply"])
    name: str = Field(examples=["Document the node in NetBox"])
    status: str = Field(
        examples=["changed"],
        description="running, ok, changed, skipped, ignored, failed, unreachable, or lost (its worker died)",
    )
    started_at: datetime
    finished_at: datetime | None


class RunError(BaseModel):
    """Why the run did not do what was ordered."""

    model_config = ConfigDict(extra="allow")

    title: str = Field(examples=["Host not reachable"])
    detail: str
    host: str | None = None
    task: str | None = None


class RunOut(BaseModel):
    """A run."""

    id: uuid.UUID
    subscription: SubscriptionOut | None = Field(description="null: a task, a batch, or a plan of what was not ordered")
    title: str = Field(description="What it is about", examples=["Node ams-pe at ams"])
    target: RunTarget
    status: RunStatus
    approval: str = Field(examples=["auto"])
    plan_only: bool = Field(description="It ends with its plan")
    skip_devices: bool
    task: str | None = Field(examples=["validate-all"])
    parent: uuid.UUID | None = Field(description="The run that started this one: a batch or a task")
    plan_digest: str | None
    drift: bool | None = Field(description="Of a completed validate: whether anything is not as ordered")
    error: RunError | None
    retry_of: uuid.UUID | None
    created_by: str
    approved_by: str | None
    cancel_requested_by: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunDetail(RunOut):
    """A run with its steps, in the order in which they began."""

    steps: list[StepOut]


class PlanOperation(BaseModel):
    """One change in NetBox."""

    model_config = ConfigDict(extra="allow")

    op: str = Field(examples=["create"])
    type: str = Field(examples=["dcim.device"])
    name: str = Field(examples=["ams-pe"])
    before: dict[str, object] | None = None
    after: dict[str, object] | None = None


class PlanOut(BaseModel):
    """What the run would change, or has been approved to change."""

    netbox: list[PlanOperation]
    devices: dict[str, str] = Field(description="Device -> unified diff of its configuration")
    digest: str


class ApproveIn(BaseModel):
    """An approval."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"digest": None}]})

    digest: str | None = Field(None, description="Digest of the plan that was looked at; another plan is then refused")


class CancelIn(BaseModel):
    """Why a run is stopped, or its plan refused."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "not before the change window"}]}
    )

    reason: str | None = Field(None, max_length=1000, pattern=r"^[^\x00]*$", description="Kept with the run")


class EventOut(BaseModel):
    """Something that happened in a run."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    stage: str = Field(examples=["apply"])
    kind: str = Field(examples=["changed"])
    host: str | None
    task: str | None
    payload: dict[str, object]
    created_at: datetime


class EventPage(BaseModel):
    """A page of events, oldest first."""

    items: list[EventOut]
    next_after: int | None = Field(description="Give it as `after` for the next page; null: there is no more yet")


class RunFilter(ListParams):
    """Filters of the list of runs."""

    id: str | None = Field(None, description="Ids, or how they begin (at least 4 digits)", examples=["5c6b0f6e"])
    parent: str | None = None
    task: str | None = None

    status: str | None = Field(None, examples=["applying,verifying"])
    target: str | None = None
    subscription: str | None = None
    created_by: str | None = None


def _drift(run: Run) -> bool | None:
    if run.target is RunTarget.VALIDATE and run.status is RunStatus.COMPLETED and run.plan is not None:
        return changes_anything(run.plan)
    return None


def run_out(run: Run) -> RunOut:
    """The run as every answer carries it."""
    return RunOut(
        id=run.id,
        subscription=subscription_out(run.subscription) if run.subscription else None,
        title=run.title,
        target=run.target,
        status=run.status,
        approval=run.approval.value,
        plan_only=run.plan_only,
        skip_devices=run.skip_devices,
        task=run.task,
        parent=run.parent_id,
        plan_digest=run.plan_digest,
        drift=_drift(run),
        error=RunError.model_validate(run.error) if run.error else None,
        retry_of=run.retry_of,
        created_by=run.created_by,
        approved_by=run.approved_by,
        cancel_requested_by=run.cancel_requested_by,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )
