"""The overview as the API speaks of it."""

from pydantic import BaseModel, Field

from trunkline.db.models import Lifecycle
from trunkline.routes.health.endpoints import Ready
from trunkline.routes.runs.schemas import RunOut
from trunkline.routes.subscriptions.schemas import SubscriptionOut


class Counts(BaseModel):
    """How many subscriptions there are."""

    status: dict[Lifecycle, int] = Field(examples=[{"active": 6}])
    drifted: int = Field(description="In service, and not as ordered")


class Overview(BaseModel):
    """What needs attention now. Each list has its newest 20."""

    running: list[RunOut] = Field(description="Runs under way")
    waiting: list[RunOut] = Field(description="Runs that wait for approval")
    drift: list[SubscriptionOut] = Field(description="Subscriptions in service that are not as ordered")
    failures: list[RunOut] = Field(
        description="Runs of the last 7 days that failed or were rolled back, and that no later run has made good"
    )
    lately: list[RunOut] = Field(description="The newest 10 that ended well")
    counts: Counts
    health: Ready
