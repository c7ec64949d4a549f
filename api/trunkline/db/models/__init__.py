"""The tables. Times are UTC; ids are UUIDs but for events and steps, whose order matters."""

from trunkline.db.models.access import AuditEntry, BrowserSession, IdempotencyKey, RequestRate, Token
from trunkline.db.models.base import Base, JsonObject
from trunkline.db.models.catalog import Customer, ProductBlock, ProductRow, RemovedValue
from trunkline.db.models.kinds import (
    ENDED,
    LIVE,
    WAITING,
    Approval,
    Lifecycle,
    OnFailure,
    RunStatus,
    RunTarget,
    WorkerState,
)
from trunkline.db.models.measurements import Measurement
from trunkline.db.models.notifications import (
    POLICIES,
    Delivery,
    DeliveryStatus,
    Happening,
    Notification,
    NotificationKind,
)
from trunkline.db.models.policies import Policy
from trunkline.db.models.runs import Event, Run, Step
from trunkline.db.models.schedules import Schedule, Sweep
from trunkline.db.models.subscriptions import Change, Claim, Dependency, Subscription
from trunkline.db.models.workers import Worker

__all__ = [
    "ENDED",
    "LIVE",
    "POLICIES",
    "WAITING",
    "Approval",
    "AuditEntry",
    "Base",
    "BrowserSession",
    "Change",
    "Claim",
    "Customer",
    "Delivery",
    "DeliveryStatus",
    "Dependency",
    "Event",
    "Happening",
    "IdempotencyKey",
    "JsonObject",
    "Lifecycle",
    "Measurement",
    "Notification",
    "NotificationKind",
    "OnFailure",
    "Policy",
    "ProductBlock",
    "ProductRow",
    "RemovedValue",
    "RequestRate",
    "Run",
    "RunStatus",
    "RunTarget",
    "Schedule",
    "Step",
    "Subscription",
    "Sweep",
    "Token",
    "Worker",
    "WorkerState",
]
