"""Products and their workflows: what can be ordered, and which playbook does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from trunkline.catalog.block import (
    Block,
    Values,
    at_stage,
    changeable_paths,
    flatten,
    learned_paths,
    merge,
)
from trunkline.errors import FieldError, Invalid, field_errors, invalid

type Target = Literal["create", "modify", "terminate", "validate", "resync"]
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
    """What can be ordered. `fixed_inputs` go to the playbook with the block; nobody chooses them."""

    slug: str
    name: str
    description: str
    block: type[Block]
    fixed_inputs: Mapping[str, str | int]
    provision_playbook: str
    terminate_playbook: str

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
        learned = sorted(set(flatten(given)) & learned_paths(self.block))
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

    def modified(self, block: Values, changes: Values) -> Block:
        """`block` with a modify order's changes. Raises Invalid for fields that cannot change."""
        if not changes:
            raise Invalid("input: give at least one field to change", [FieldError(field="input", message="is empty")])
        allowed = changeable_paths(self.block)
        refused = sorted(set(flatten(changes)) - allowed)
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
            changed: Block = at_stage(self.block, "initial").model_validate(merge(block, changes))
        except ValidationError as error:
            raise invalid(field_errors(error.errors(), "input.")) from None
        return changed

    def learned(self, block: Values, found: Values) -> Values:
        """`block` with what the playbook learned, proved complete for an active subscription.

        Raises ValueError naming what the playbook left out or reported wrongly.
        """
        only_learned = {path for path in flatten(found) if path in learned_paths(self.block)}
        merged = merge(block, _pick(found, only_learned))
        try:
            complete: Block = at_stage(self.block, "active").model_validate(merged)
            return complete.values()
        except ValidationError as error:
            raise ValueError(
                "; ".join(f"{item.field}: {item.message}" for item in field_errors(error.errors(), "block."))
            ) from None

    def unlearned(self, block: Values) -> Values:
        """`block` as it was ordered, without what was learned."""
        return _pick(block, set(flatten(block)) - learned_paths(self.block))

    def for_playbook(self, block: Values) -> Values:
        """The block with the product's fixed inputs, as the playbooks take it."""
        return {**block, **self.fixed_inputs}


def _pick(values: Values, paths: set[str], prefix: str = "") -> Values:
    picked: Values = {}
    for key, value in values.items():
        path = prefix + key
        if isinstance(value, dict):
            below = _pick(TypeAdapter(dict[str, object]).validate_python(value), paths, f"{path}.")
            if below:
                picked[key] = below
        elif path in paths:
            picked[key] = value
    return picked
