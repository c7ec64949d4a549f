"""Pure decisions of policies: which plans they concern, the strictest of them, how large a plan is, how long one is
begun again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trunkline.db.models import Approval, JsonObject, OnFailure, Policy
from trunkline.runs.plan import Size, size_of
from trunkline.runs.planned import pause_before_next
from trunkline.runs.policy import Subject, matches, strictest

CIRCUIT = Subject("modify", "core-circuit-10g", "noc")
NODE = Subject("create", "node-frr", "lab")
SIZE = Size(operations=4, devices=2, lines=20)
DIFF = "--- running\n+++ intended\n@@ -1,2 +1,3 @@\n interface eth1\n-  isis metric 10\n+  isis metric 20\n+--- x\n!\n"


def _policy(name: str = "p", **given: Any) -> Policy:
    lists: dict[str, list[str]] = {"products": [], "targets": [], "customers": [], "notify": [], "escalate_to": []}
    rest = {"approval": Approval.AUTO, "on_failure": OnFailure.ROLLBACK}
    return Policy(name=name, **lists | rest | given)


@pytest.mark.parametrize(
    ("given", "matched"),
    [
        ({}, True),
        ({"products": ["core-circuit-10g"]}, True),
        ({"products": ["node-frr"]}, False),
        ({"targets": ["create", "modify"]}, True),
        ({"targets": ["terminate"]}, False),
        ({"customers": ["noc"]}, True),
        ({"customers": ["lab"]}, False),
        ({"min_operations": 4}, True),
        ({"min_operations": 5}, False),
        ({"min_devices": 2}, True),
        ({"min_devices": 3}, False),
        ({"min_lines": 20}, True),
        ({"min_lines": 21}, False),
        ({"customers": ["noc"], "min_lines": 21}, False),
        ({"customers": ["noc"], "targets": ["modify"], "min_devices": 1}, True),
    ],
)
def test_a_policy_concerns_what_meets_all_its_conditions(given: dict[str, Any], matched: bool) -> None:
    assert matches(_policy(**given), [CIRCUIT], SIZE) is matched


def test_a_batch_is_concerned_when_one_of_its_orders_is() -> None:
    assert matches(_policy(customers=["lab"], products=["node-frr"]), [CIRCUIT, NODE], SIZE)
    # Both conditions, but of two orders.
    assert not matches(_policy(customers=["lab"], products=["core-circuit-10g"]), [CIRCUIT, NODE], SIZE)


def test_a_task_about_no_subscription_is_concerned_only_by_its_target() -> None:
    task = Subject("task", None, None)
    assert matches(_policy(targets=["task"]), [task], SIZE)
    assert not matches(_policy(customers=["noc"]), [task], SIZE)


@pytest.mark.parametrize("ordered", list(Approval))
@pytest.mark.parametrize("rule", list(Approval))
def test_a_policy_makes_approval_stricter_and_never_less_strict(ordered: Approval, rule: Approval) -> None:
    both_auto = ordered is rule is Approval.AUTO
    assert strictest([_policy(approval=rule)], ordered).approval is (Approval.AUTO if both_auto else Approval.MANUAL)


def test_without_policies_the_order_holds_and_a_failure_is_rolled_back() -> None:
    decision = strictest([], Approval.MANUAL)
    assert (decision.approval, decision.on_failure) == (Approval.MANUAL, OnFailure.ROLLBACK)
    assert (decision.policies, decision.notify, decision.expire_after_s) == ([], [], None)


def test_of_several_policies_the_strictest_words_hold_together() -> None:
    one = _policy("one", notify=["a", "b"], expire_after_s=60, on_failure=OnFailure.HOLD)
    two = _policy("two", notify=["b", "c"], expire_after_s=30, escalate_after_s=20, escalate_to=["d"])
    decision = strictest([one, two], Approval.AUTO)
    assert decision.policies == ["one", "two"]
    assert decision.approval is Approval.AUTO
    assert decision.notify == ["a", "b", "c"]
    assert (decision.expire_after_s, decision.escalate_after_s, decision.escalate_to) == (30, 20, ["d"])
    assert decision.on_failure is OnFailure.HOLD


def test_the_size_of_a_plan_counts_changed_lines_and_no_headers() -> None:
    plan: JsonObject = {"netbox": [{"op": "create"}], "devices": {"r1": DIFF, "r2": "+x"}}
    assert size_of(plan) == Size(operations=1, devices=2, lines=4)


@pytest.mark.parametrize(
    ("failing_s", "patience_s", "pause"),
    [(0, 60, 2), (3, 60, 3), (14, 60, 14), (29, 60, 29), (31, 60, None), (100, 600, 30), (0, 0, None), (0, 1, None)],
)
def test_a_plan_that_got_no_answer_is_begun_again_less_and_less_often(
    failing_s: float, patience_s: float, pause: float | None
) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert pause_before_next(since, since + timedelta(seconds=failing_s), patience_s) == pause
