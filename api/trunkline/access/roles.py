"""What a caller may do: roles, each of which includes those before it, and how far they reach."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LIMIT = re.compile(r"(product|customer)=([A-Za-z0-9][A-Za-z0-9._-]{0,99})\Z")


class Role(enum.StrEnum):
    """Viewers look, operators order, approvers approve, admins rule."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True)
class Scope:
    """A role, everywhere or only for one product, one customer, or both: `operator:product=node-frr,customer=noc`."""

    role: Role
    product: str | None = None
    customer: str | None = None

    @property
    def everywhere(self) -> bool:
        """Whether it has no limit."""
        return self.product is None and self.customer is None

    def reaches(self, product: str, customer: str) -> bool:
        """Whether it holds for what is of this product and this customer."""
        return self.product in (None, product) and self.customer in (None, customer)

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """The scope that `text` names. Raises ValueError, which says what a scope looks like."""
        name, colon, rest = text.partition(":")
        parts = rest.split(",") if colon else []
        limits = {found[1]: found[2] for part in parts if (found := _LIMIT.match(part)) is not None}
        if name not in set(Role) or len(limits) != len(parts):
            raise ValueError(
                f"{text[:100]!r} is no scope: give {', '.join(Role)}, with :product=SLUG, :customer=SHORTCODE "
                "or :product=SLUG,customer=SHORTCODE behind it to limit it"
            )
        return cls(Role(name), limits.get("product"), limits.get("customer"))

    def __str__(self) -> str:
        limits = {"product": self.product, "customer": self.customer}
        shown = ",".join(f"{name}={value}" for name, value in limits.items() if value is not None)
        return f"{self.role}:{shown}" if shown else self.role.value


def parse_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes, each once, in their order. Raises ValueError."""
    return tuple(dict.fromkeys(Scope.parse(text) for text in texts))
