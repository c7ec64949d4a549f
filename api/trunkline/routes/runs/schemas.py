"""Runs as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trunkline.db.models import JsonObject, Run, RunStatus, RunTarget
from trunkline.recovery.proposals import OtherDevices, Proposal
from trunkline.routes.paging import ListParams
from trunkline.routes.subscriptions.schemas import SubscriptionOut, subscription_out
from trunkline.runs.plan import changes_anything, digest, size_of
from trunkline.runs.policy import Decision


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
    approval: str = Field(description="As it was ordered", examples=["auto"])
    decision: Decision | None = Field(description="What holds for its plan: the order, made stricter by policies")
    escalates_at: datetime | None = Field(description="When others are told that it still waits for approval")
    expires_at: datetime | None = Field(description="When it is cancelled, if nobody approves it")
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
    cancel_requested_by: str | None = Field(description="Who asked to stop it, or rejected its plan")
    cancel_reason: str | None
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


class PlanSize(BaseModel):
    """How much a plan changes; policies go by it."""

    model_config = ConfigDict(from_attributes=True)

    operations: int = Field(description="Operations in NetBox")
    devices: int = Field(description="Devices that change")
    lines: int = Field(description="Lines added to and taken from configurations")


class OnePlan(BaseModel):
    """What a run would change."""

    netbox: list[PlanOperation]
    devices: dict[str, str] = Field(description="Device -> unified diff of its configuration")
    warnings: list[str] = Field([], description="What to think of before it is applied")
    proposals: list[Proposal] | None = Field(
        None, description="Of the task adopt: what it takes over and what not, with what stands against that"
    )
    others: list[OtherDevices] | None = Field(None, description="Of the task adopt: devices of which no product is")
    digest: str
    size: PlanSize


class PlanOut(OnePlan):
    """What the run would change, or has been approved to change."""

    previous: OnePlan | None = Field(
        description="The plan before it, if it came out otherwise when it was computed again after an approval"
    )


class ApproveIn(BaseModel):
    """An approval."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"digest": None}]})

    digest: str | None = Field(None, description="Digest of the plan that was looked at; another plan is then refused")


Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class RejectIn(BaseModel):
    """A plan that is not to be applied."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Not in working hours"}]})

    reason: Reason


class CancelIn(BaseModel):
    """Why a run is stopped."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "The wrong port"}]})

    reason: Reason | None = None


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
        decision=Decision.of(run),
        escalates_at=run.escalates_at,
        expires_at=run.expires_at,
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
        cancel_reason=run.cancel_reason,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def plan_out(plan: JsonObject, previous: JsonObject | None) -> PlanOut:
    """A run's plan, and the one before it, as the API shows them."""
    before = None if previous is None else OnePlan.model_validate(_shown(previous))
    return PlanOut.model_validate(_shown(plan) | {"previous": before})


def _shown(plan: JsonObject) -> JsonObject:
    return {**plan, "digest": digest(plan), "size": PlanSize.model_validate(size_of(plan))}
