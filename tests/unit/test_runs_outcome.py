"""Pure decisions about runs: plans, rollback, the lifecycle, and the worker's notice of new work."""

import itertools
import uuid

import pytest

from trunkline.db.models import WAITING, Lifecycle, Run, RunStatus, RunTarget, Subscription
from trunkline.errors import IllegalTransition
from trunkline.lifecycle import TRANSITIONS, move
from trunkline.runs.outcome import can_roll_back
from trunkline.runs.plan import changes_anything, digest, plan_of
from trunkline.runs.queue import STAGE_OF
from trunkline.runs.taker import _Knock


def test_a_plan_is_the_same_whatever_its_order() -> None:
    one = plan_of({"plan": {"netbox": [{"op": "create", "name": "a"}], "devices": {"r2": "+x", "r1": "+y", "r3": ""}}})
    two = plan_of({"plan": {"devices": {"r1": "+y", "r2": "+x"}, "netbox": [{"name": "a", "op": "create"}]}})
    assert digest(one) == digest(two)
    assert changes_anything(one)
    assert not changes_anything(plan_of({}))
    assert not changes_anything(plan_of({"plan": {"netbox": [], "devices": {"r1": ""}}}))


@pytest.mark.parametrize(("start", "to"), list(itertools.product(Lifecycle, Lifecycle)))
def test_only_legal_transitions_happen(start: Lifecycle, to: Lifecycle) -> None:
    subscription = Subscription(id=uuid.uuid4(), status=start, description="Node x")
    if to is start or to in TRANSITIONS[start]:
        move(subscription, to)
        assert subscription.status is to
    else:
        with pytest.raises(IllegalTransition, match=f"is {start} and cannot become {to}"):
            move(subscription, to)


def test_every_status_is_ended_waiting_or_has_a_stage() -> None:
    for status in RunStatus:
        assert status.ended + (status in WAITING) + (status in STAGE_OF) == 1


@pytest.mark.parametrize(
    ("target", "status", "possible"),
    [
        (RunTarget.CREATE, Lifecycle.PROVISIONING, True),
        (RunTarget.MODIFY, Lifecycle.ACTIVE, True),
        (RunTarget.TERMINATE, Lifecycle.ACTIVE, True),
        (RunTarget.TERMINATE, Lifecycle.PROVISIONING, False),
        (RunTarget.RESYNC, Lifecycle.ACTIVE, False),
    ],
)
def test_there_is_something_to_go_back_to(target: RunTarget, status: Lifecycle, possible: bool) -> None:
    assert can_roll_back(Run(target=target, subscription=Subscription(status=status))) is possible


def test_a_notice_that_comes_during_a_look_is_not_lost() -> None:
    knock = _Knock()
    knock.set()  # wakes the worker, which looks ...
    knock.clear()  # ... and clears: the notice may have come while it looked, so it looks once more
    assert knock.is_set()
    knock.clear()
    assert not knock.is_set()
