"""The lifecycle of a subscription: which status may follow which."""

from trunkline.db.models import Lifecycle, Subscription
from trunkline.errors import IllegalTransition

TRANSITIONS: dict[Lifecycle, frozenset[Lifecycle]] = {
    Lifecycle.INITIAL: frozenset({Lifecycle.PROVISIONING, Lifecycle.TERMINATED}),
    # Back to initial when a create was rolled back.
    Lifecycle.PROVISIONING: frozenset({Lifecycle.ACTIVE, Lifecycle.INITIAL, Lifecycle.TERMINATED}),
    Lifecycle.ACTIVE: frozenset({Lifecycle.MIGRATING, Lifecycle.DISABLED, Lifecycle.TERMINATED}),
    Lifecycle.MIGRATING: frozenset({Lifecycle.ACTIVE, Lifecycle.TERMINATED}),
    Lifecycle.DISABLED: frozenset({Lifecycle.ACTIVE, Lifecycle.TERMINATED}),
    Lifecycle.TERMINATED: frozenset(),
}

IN_SERVICE = frozenset({Lifecycle.ACTIVE, Lifecycle.MIGRATING, Lifecycle.DISABLED})
"""It has been provisioned: there are values to go back to."""


def move(subscription: Subscription, to: Lifecycle) -> None:
    """Give the subscription its next status; staying is always allowed. Raises IllegalTransition."""
    if to is subscription.status:
        return
    if to not in TRANSITIONS[subscription.status]:
        raise IllegalTransition(
            f"{subscription.description} is {subscription.status} and cannot become {to}",
            subscription=str(subscription.id),
        )
    subscription.status = to


def must_be_in_service(subscription: Subscription, what: str) -> None:
    """Raises IllegalTransition, with what can be done instead, unless it was provisioned and not yet terminated."""
    if subscription.status not in IN_SERVICE:
        ended = subscription.status is Lifecycle.TERMINATED
        remedy = "order a new one" if ended else "retry its last run, resync it, or terminate it"
        raise IllegalTransition(
            f"{subscription.description} is {subscription.status} and cannot be {what}: {remedy}.",
            subscription=str(subscription.id),
        )
