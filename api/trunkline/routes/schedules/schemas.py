"""Schedules as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from trunkline.db.models import Approval, RunStatus, Schedule
from trunkline.routes.paging import ListParams

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["nightly-validation"])]
Cron = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^[0-9A-Za-z*,/#\- ]+$",
        description="Minute, hour, day, month and weekday, as in cron",
        examples=["30 2 * * *"],
    ),
]
Zone = Annotated[
    str, Field(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", description="Name of a time zone", examples=["UTC"])
]


class ScheduleIn(BaseModel):
    """A new schedule."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "circuits-hourly",
                    "task": "validate-all",
                    "input": {"product": "core-circuit-10g", "resync": "manual"},
                    "cron": "15 * * * *",
                    "timezone": "Europe/Amsterdam",
                }
            ]
        },
    )

    name: Name
    task: str = Field(description="A task of GET /api/v1/tasks", examples=["validate-all"])
    input: dict[str, Any] = Field(default_factory=dict, description="What the task is started with")
    approval: Approval = Field(Approval.AUTO, description="manual: what the task would change waits for a person")
    cron: Cron
    timezone: Zone = "UTC"
    paused: bool = False


class ScheduleChange(BaseModel):
    """What can be changed of a schedule. Only fields given change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"cron": "0 4 * * 1-5", "paused": False}]}
    )

    input: dict[str, Any] | None = None
    approval: Approval | None = None
    cron: Cron | None = None
    timezone: Zone | None = None
    paused: bool | None = None


class LastRun(BaseModel):
    """The run that was started last."""

    id: uuid.UUID
    status: RunStatus
    finished_at: datetime | None


class ScheduleOut(BaseModel):
    """A schedule."""

    id: uuid.UUID
    name: str = Field(examples=["nightly-validation"])
    task: str = Field(examples=["validate-all"])
    input: dict[str, Any]
    approval: Approval
    cron: str = Field(examples=["30 2 * * *"])
    timezone: str = Field(examples=["UTC"])
    paused: bool
    next_at: datetime | None = Field(description="The occurrence that comes next; null while it is paused")
    last_at: datetime | None = Field(description="When the clock last fired it")
    last_run: LastRun | None
    last_error: str | None = Field(description="Why the last occurrence started no run")
    created_by: str
    created_at: datetime


class ScheduleFilter(ListParams):
    """Filters of the list of schedules."""

    sort: str = Field("name", description="Field to sort by; `-` before it: descending")
    name: str | None = None
    task: str | None = None
    paused: str | None = None


def schedule_out(row: Schedule) -> ScheduleOut:
    """The schedule as every answer carries it."""
    last = row.last_run
    return ScheduleOut(
        id=row.id,
        name=row.name,
        task=row.task,
        input=row.input,
        approval=row.approval,
        cron=row.cron,
        timezone=row.timezone,
        paused=row.paused,
        next_at=row.next_at,
        last_at=row.last_at,
        last_run=LastRun(id=last.id, status=last.status, finished_at=last.finished_at) if last else None,
        last_error=row.last_error,
        created_by=row.created_by,
        created_at=row.created_at,
    )
