"""The words of the domain that columns hold."""

import enum


class Lifecycle(enum.StrEnum):
    """Where a subscription is in its life."""

    INITIAL = "initial"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    MIGRATING = "migrating"
    DISABLED = "disabled"
    TERMINATED = "terminated"


class RunStatus(enum.StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting-approval"
    APPLYING = "applying"
    VERIFYING = "verifying"
    HELD = "held"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Nothing more will happen by itself."""
        return self in ENDED


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.ROLLED_BACK, RunStatus.CANCELLED})
# Not ended: while a person decides, nobody else may touch what the run has left half-done.
WAITING = frozenset({RunStatus.AWAITING_APPROVAL, RunStatus.HELD})
LIVE = frozenset(RunStatus) - ENDED


class RunTarget(enum.StrEnum):
    """What a run does to its subscription; a batch carries out other runs together, a task has no subscription."""

    CREATE = "create"
    MODIFY = "modify"
    TERMINATE = "terminate"
    VALIDATE = "validate"
    RESYNC = "resync"
    BATCH = "batch"
    TASK = "task"


class OnFailure(enum.StrEnum):
    """What becomes of what was done when an apply fails: it is taken back, or kept until a person decides."""

    ROLLBACK = "rollback"
    HOLD = "hold"


class Approval(enum.StrEnum):
    """Whether a person approves the plan before it is applied."""

    AUTO = "auto"
    MANUAL = "manual"


class WorkerState(enum.StrEnum):
    """What a worker does."""

    WORKING = "working"
    DRAINING = "draining"
    """It was told to stop, and ends what it has begun."""
    OUTDATED = "outdated"
    """The database was upgraded by newer code: it ends what it has begun and takes nothing more."""
    WAITING = "waiting"
    """The database lacks migrations that its code needs."""
    SILENT = "silent"
    """Its heartbeat is missing: its runs are taken over before long. Never stored, only seen."""
