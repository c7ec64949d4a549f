"""What a scope means."""

import pytest

from trunkline.access import Caller, Role, Scope, parse_scopes
from trunkline.errors import Forbidden


@pytest.mark.parametrize(
    "text",
    ["viewer", "admin", "operator:customer=noc", "approver:product=node-frr", "operator:product=node-frr,customer=noc"],
)
def test_a_scope_reads_as_it_is_written(text: str) -> None:
    assert str(Scope.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "root", "Admin", "admin\n", " viewer", "operator:", "operator:customer=", "operator:customer=a b"),
        *("operator:colour=red", "operator:customer=noc,customer=abc", "operator:customer={{ 7*7 }}"),
        "operator:customer=noc\n",
    ],
)
def test_what_is_no_scope_is_refused_and_says_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="give viewer, operator, approver, admin"):
        Scope.parse(text)


def test_each_role_includes_those_before_it() -> None:
    for rank, role in enumerate(Role):
        assert [role.includes(other) for other in Role] == [number <= rank for number in range(len(Role))]


def test_a_caller_without_scopes_may_nothing() -> None:
    caller = Caller("nobody")
    assert not caller.anywhere(Role.VIEWER)
    assert not caller.may(Role.VIEWER, "node-frr", "noc")


def test_limits_hold_for_their_product_and_customer_only() -> None:
    caller = Caller("some", parse_scopes(["viewer", "operator:customer=noc", "approver:product=node-frr,customer=abc"]))
    assert caller.may(Role.VIEWER, "anything", "anyone")
    assert caller.may(Role.OPERATOR, "node-frr", "noc")
    assert not caller.may(Role.APPROVER, "node-frr", "noc")
    assert caller.may(Role.APPROVER, "node-frr", "abc")
    assert not caller.may(Role.OPERATOR, "core-circuit-10g", "abc")
    assert caller.everywhere(Role.VIEWER)
    assert not caller.everywhere(Role.OPERATOR)
    with pytest.raises(Forbidden, match="takes the role operator for core-circuit-10g of abc; some has viewer"):
        caller.must(Role.OPERATOR, "core-circuit-10g", "abc")
