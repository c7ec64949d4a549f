"""Products and their workflows: what can be ordered, and which playbook does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from trunkline.catalog.block import Block, at_stage, changeable_paths, learned_paths, nested
from trunkline.catalog.values import Values, flatten, items_of, merge, pattern_of, pick
from trunkline.errors import Conflict, FieldError, Invalid, field_errors, invalid

type Target = Literal["create", "modify", "terminate", "validate", "resync"]
type ProductStatus = Literal["active", "hidden", "end-of-life"]
TARGETS: tuple[Target, ...] = ("create", "modify", "terminate", "validate", "resync")


@dataclass(frozen=True)
class Workflow:
    """One thing that can be done for a product."""

    name: str
    target: Target
    playbook: str
    changes_network: bool = True


@dataclass(frozen=True)
class Product:
    """What can be ordered. `fixed_inputs` go to the playbook with the block; nobody chooses them.

    `status`: "hidden" is not listed, and orderable by who knows it; "end-of-life" takes no new orders, while what was
    ordered lives on and can be modified. `customers`: shortcodes of those who may order it; empty: everyone.
    """

    slug: str
    name: str
    description: str
    block: type[Block]
    fixed_inputs: Mapping[str, str | int]
    provision_playbook: str
    terminate_playbook: str
    status: ProductStatus = "active"
    customers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Playbooks get both in one mapping."""
        both = sorted(self.fixed_inputs.keys() & self.block.model_fields.keys())
        if both:
            raise TypeError(f"product {self.slug}: {', '.join(both)} is both a field and a fixed input; rename one")

    def orderable_by(self, customer: str) -> FieldError | None:
        """What stands against an order for the customer with this shortcode; None: nothing."""
        if self.status == "end-of-life":
            message = f"{self.slug} has reached its end of life and takes no new orders: choose another product"
            return FieldError(field="product", message=message)
        if self.customers and customer not in self.customers:
            message = f"{customer!r} may not order {self.slug}; it is for {', '.join(self.customers)}"
            return FieldError(field="customer", message=message)
        return None

    def workflow(self, target: Target) -> Workflow:
        """The workflow for `target`: everything but terminate is the provision playbook with other values."""
        playbook = self.terminate_playbook if target == "terminate" else self.provision_playbook
        return Workflow(f"{target}-{self.slug}", target, playbook, changes_network=target != "validate")

    @property
    def workflows(self) -> list[Workflow]:
        """All workflows of the product."""
        return [self.workflow(target) for target in TARGETS]

    def ordered(self, given: Values) -> Block:
        """The block of a new order. Raises Invalid naming each wrong field and what it takes."""
        not_given = learned_paths(self.block)
        learned = sorted(path for path in flatten(given) if pattern_of(path) in not_given)
        if learned:
            raise invalid(
                [
                    FieldError(field=f"input.{path}", message="is allocated while provisioning: leave it out")
                    for path in learned
                ]
            )
        try:
            block: Block = at_stage(self.block, "initial").model_validate(given)
        except ValidationError as error:
            raise invalid(field_errors(error.errors(), "input.")) from None
        return block

    def must_fit(self, stored: Values, what: str) -> None:
        """Raise Conflict when values that were stored earlier are not those of the block as it is defined now."""
        try:
            at_stage(self.block, "initial").model_validate(stored)
        except ValidationError as error:
            wrong = "; ".join(f"{item.field}: {item.message}" for item in field_errors(error.errors(), "block."))
            raise Conflict(f"{what} is from before {self.slug} was changed ({wrong}): order the change anew.") from None

    def modified(self, block: Values, changes: Values) -> Block:
        """`block` with a modify order's changes. A list replaces the former one; items that stay keep what was learned.

        Raises Invalid for fields that cannot change.
        """
        if not changes:
            raise Invalid("input: give at least one field to change", [FieldError(field="input", message="is empty")])
        allowed = changeable_paths(self.block)
        refused = sorted(path for path in flatten(changes) if pattern_of(path) not in allowed)
        if refused:
            can = ", ".join(sorted(allowed))
            raise invalid(
                [
                    FieldError(
                        field=f"input.{path}", message=f"cannot be changed (can be: {can}); order a new one instead"
                    )
                    for path in refused
                ]
            )
        try:
            model = at_stage(self.block, "initial")
            values = model.model_validate(merge(block, changes)).values()
            changed: Block = model.model_validate(_keep_learned(self.block, block, values))
        except ValidationError as error:
            raise invalid(field_errors(error.errors(), "input.")) from None
        return changed

    def learned(self, block: Values, found: Values) -> Values:
        """`block` with what the playbook learned, proved complete for an active subscription.

        Raises ValueError naming what the playbook left out or reported wrongly.
        """
        is_learned = learned_paths(self.block).__contains__
        try:
            merged = merge(block, pick(found, is_learned), items=True)
            complete: Block = at_stage(self.block, "active").model_validate(merged)
            return complete.values()
        except ValidationError as error:
            raise ValueError(
                "; ".join(f"{item.field}: {item.message}" for item in field_errors(error.errors(), "block."))
            ) from None

    def unlearned(self, block: Values) -> Values:
        """`block` as it was ordered, without what was learned."""
        learned = learned_paths(self.block)
        return pick(block, lambda pattern: pattern not in learned)

    def for_playbook(self, block: Values) -> Values:
        """The block with the product's fixed inputs, as the playbooks take it."""
        return {**block, **self.fixed_inputs}


def _keep_learned(block: type[Block], before: Values, after: Values) -> Values:
    """`after`, in which each item of a list that was in `before` as well has what was learned for it."""
    kept = dict(after)
    for name, field in block.model_fields.items():
        inner = nested(field)
        old, new = before.get(name), after.get(name)
        if inner is None:
            continue
        if inner.many:
            learned = learned_paths(inner.block)
            ordered = [(pick(item, lambda pattern: pattern not in learned), item) for item in items_of(old)]  # noqa: B023
            kept[name] = [next((known for given, known in ordered if given == item), item) for item in items_of(new)]
        elif isinstance(old, dict) and isinstance(new, dict):
            kept[name] = _keep_learned(inner.block, old, new)
    return kept
