"""The overview as the API speaks of it."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from trunkline.db.models import Lifecycle, RunTarget, WorkerState
from trunkline.routes.health.endpoints import Ready
from trunkline.routes.runs.schemas import RunOut
from trunkline.routes.subscriptions.schemas import SubscriptionOut


class Counts(BaseModel):
    """How many subscriptions there are."""

    status: dict[Lifecycle, int] = Field(examples=[{"active": 6}])
    drifted: int = Field(description="In service, and not as ordered")


type DeviceState = Literal["ok", "drift", "failed", "unknown"]


class Device(BaseModel):
    """A device, by the last run that dealt with it."""

    id: uuid.UUID = Field(description="Of its subscription")
    description: str = Field(examples=["Node ams-pe at ams"])
    state: DeviceState = Field(description="`failed`: the last run did not get to its end; `unknown`: none was ended")
    run: uuid.UUID | None
    target: RunTarget | None = Field(description="What that run did", examples=["validate"])
    looked_at: datetime | None = Field(description="When that run ended: nothing is known that is younger")


class Devices(BaseModel):
    """The devices as the last runs left them; nothing was asked of them for this answer."""

    counts: dict[DeviceState, int] = Field(examples=[{"ok": 3}])
    items: list[Device] = Field(description="8 that need a look: what is wrong, then what was not asked for longest")


class Overview(BaseModel):
    """What needs attention now. Each list has its newest 20."""

    running: list[RunOut] = Field(description="Runs under way")
    waiting: list[RunOut] = Field(description="Runs that wait for approval")
    to_decide: list[uuid.UUID] = Field(description="Those of `waiting` that the caller may approve")
    drift: list[SubscriptionOut] = Field(description="Subscriptions in service that are not as ordered")
    failures: list[RunOut] = Field(
        description="Runs of the last 7 days that failed or were rolled back, and that no later run has made good"
    )
    lately: list[RunOut] = Field(description="The newest 10 that ended well")
    counts: Counts
    health: Ready
    workers: dict[WorkerState, int] = Field(description="How many are in each state", examples=[{"working": 1}])
    devices: Devices
