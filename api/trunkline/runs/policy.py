"""What the policies say of a plan. Pure: rules and a plan in, a decision out.

All rules that match count, and the strictest word of each kind holds: a rule can ask for more care, never for less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, Field

from trunkline.db.models import Approval, JsonObject, OnFailure, Policy, Run, RunTarget
from trunkline.runs.plan import Size


class Decision(BaseModel):
    """What holds for one plan: what was ordered, made stricter by the policies that match."""

    policies: list[str] = Field(description="Names of the policies that matched", examples=[["large-changes"]])
    approval: Approval
    notify: list[str] = Field(description="Who is told that it waits for approval")
    escalate_after_s: int | None
    escalate_to: list[str] = Field(description="Who is told as well when it has waited for `escalate_after_s`")
    expire_after_s: int | None = Field(description="It is cancelled when it has waited for so long")
    on_failure: OnFailure

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """What was decided on the run's plan; None before there is one."""
        return cls.model_validate(run.decision) if run.decision else None

    def stored(self) -> JsonObject:
        """As the run keeps it."""
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class Subject:
    """What a plan is about; a batch is about several. None: a task that is about no subscription."""

    target: str
    product: str | None
    customer: str | None


def subject_of(run: Run) -> Subject:
    """What the run is about."""
    subscription = run.subscription
    if subscription is None:
        return Subject(run.target.value, None, None)
    return Subject(run.target.value, subscription.product_slug, subscription.customer.shortcode)


def subjects_of(run: Run, carried: Sequence[Run]) -> list[Subject]:
    """What the run is about; of a batch its orders."""
    return [subject_of(each) for each in (carried if run.target is RunTarget.BATCH else (run,))]


def matches(policy: Policy, subjects: Iterable[Subject], size: Size) -> bool:
    """Whether one of the subjects, and the size of the plan as a whole, meet every condition of the policy."""
    large = all(
        least is None or value >= least
        for least, value in (
            (policy.min_operations, size.operations),
            (policy.min_devices, size.devices),
            (policy.min_lines, size.lines),
        )
    )
    return large and any(_concerns(policy, subject) for subject in subjects)


def _concerns(policy: Policy, subject: Subject) -> bool:
    return all(
        not wanted or value in wanted
        for wanted, value in (
            (policy.targets, subject.target),
            (policy.products, subject.product),
            (policy.customers, subject.customer),
        )
    )


def strictest(policies: Sequence[Policy], ordered: Approval) -> Decision:
    """What holds when these policies match an order with this approval."""
    manual = Approval.MANUAL in {ordered, *(policy.approval for policy in policies)}
    hold = OnFailure.HOLD in {policy.on_failure for policy in policies}
    return Decision(
        policies=[policy.name for policy in policies],
        approval=Approval.MANUAL if manual else Approval.AUTO,
        notify=_together(policy.notify for policy in policies),
        escalate_after_s=_soonest(policy.escalate_after_s for policy in policies),
        escalate_to=_together(policy.escalate_to for policy in policies),
        expire_after_s=_soonest(policy.expire_after_s for policy in policies),
        on_failure=OnFailure.HOLD if hold else OnFailure.ROLLBACK,
    )


def _together(lists: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in lists for name in names))


def _soonest(times: Iterable[int | None]) -> int | None:
    return min((seconds for seconds in times if seconds is not None), default=None)
