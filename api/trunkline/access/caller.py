"""Who sent a request, and what they may do."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from trunkline.access.roles import Role, Scope
from trunkline.db.models import Customer, Run, Subscription
from trunkline.errors import Forbidden


@dataclass(frozen=True)
class Caller:
    """Who sent a request. Without scopes nothing is allowed.

    `via` is what opened the door, for the audit trail; `csrf` is set where a browser sends its cookie by itself;
    nothing is allowed after `ends_at`.
    """

    name: str
    scopes: tuple[Scope, ...] = ()
    via: str = ""
    csrf: str | None = None
    ends_at: datetime | None = None

    def anywhere(self, role: Role) -> bool:
        """Whether the caller has this role for anything at all."""
        return any(scope.role.includes(role) for scope in self.scopes)

    def everywhere(self, role: Role) -> bool:
        """Whether the caller has this role without a limit."""
        return any(scope.everywhere and scope.role.includes(role) for scope in self.scopes)

    def may(self, role: Role, product: str, customer: str) -> bool:
        """Whether the caller has this role for what is of this product and this customer."""
        return any(scope.reaches(product, customer) and scope.role.includes(role) for scope in self.scopes)

    def may_for(self, role: Role, customer: str) -> bool:
        """Whether the caller has this role for some product of this customer."""
        return any(scope.customer in (None, customer) and scope.role.includes(role) for scope in self.scopes)

    def must(self, role: Role, product: str, customer: str) -> None:
        """Raises Forbidden unless the caller may."""
        if not self.may(role, product, customer):
            raise self.refusal(role, f"for {product} of {customer}")

    def refusal(self, role: Role, what: str) -> Forbidden:
        """What a caller without the role is told; `what` says for what it is needed."""
        scopes = ", ".join(map(str, self.scopes)) or "nothing"
        return Forbidden(
            f"This takes the role {role} {what}; {self.name} has {scopes}. An admin gives scopes: see docs/access.md.",
            needs=role.value,
        )


def sees(caller: Caller) -> ColumnElement[bool]:
    """The subscriptions that the caller may look at, as a condition on Subscription."""
    if caller.everywhere(Role.VIEWER):
        return true()
    return or_(*map(_holds_for, caller.scopes))


def sees_runs(caller: Caller) -> ColumnElement[bool]:
    """The runs that the caller may look at, as a condition on Run: those of subscriptions that they see."""
    if caller.everywhere(Role.VIEWER):
        return true()
    return Run.subscription_id.in_(select(Subscription.id).where(sees(caller)))


def sees_customers(caller: Caller) -> ColumnElement[bool]:
    """The customers that the caller may look at, as a condition on Customer."""
    limits = {scope.customer for scope in caller.scopes}
    if None in limits:
        return true()
    return Customer.shortcode.in_(limits)


def _holds_for(scope: Scope) -> ColumnElement[bool]:
    limits: list[ColumnElement[bool]] = []
    if scope.product is not None:
        limits.append(Subscription.product_slug == scope.product)
    if scope.customer is not None:
        named = select(Customer.id).where(Customer.shortcode == scope.customer)
        limits.append(Subscription.customer_id.in_(named))
    return and_(true(), *limits)
