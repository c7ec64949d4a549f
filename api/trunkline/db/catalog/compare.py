"""What leads from one catalogue to another: pure functions, so that nothing is guessed and all of it is tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline.catalog.resource_types import Field
from trunkline.db.catalog.changes import (
    AddField,
    Change,
    ChangeField,
    ChangeFixedInput,
    ChangeProduct,
    CreateBlock,
    CreateProduct,
    RemoveBlock,
    RemoveField,
    RemoveProduct,
    RenameBlock,
    RenameField,
    RenameFixedInput,
    RenameProduct,
)
from trunkline.db.catalog.state import Catalogue
from trunkline.errors import FieldError, invalid

type Kind = Literal["block", "field", "product", "fixed input"]
_PRODUCT = ("name", "description", "block", "status", "customers")


@dataclass(frozen=True)
class Rename:
    """Something is gone and something like it is new. `parent`: the block of a field, the product of a fixed input."""

    kind: Kind
    old: str
    new: str
    parent: str = ""
    alike: bool = True  # proposed by itself; the others only when they are asked for

    @property
    def removed(self) -> str:
        """The address of what is gone, as options give it: "Node.role", "node-frr"."""
        return f"{self.parent}.{self.old}" if self.parent else self.old

    def __str__(self) -> str:
        return f"{self.removed}={self.parent}.{self.new}" if self.parent else f"{self.old}={self.new}"


@dataclass(frozen=True)
class Answers:
    """What a person has decided."""

    renames: frozenset[str] = frozenset()  # "Node.role=Node.function"
    removals: frozenset[str] = frozenset()  # "Node.role"
    defaults: Mapping[str, object] = field(default_factory=dict)  # "Node.rack": for subscriptions that live already


@dataclass(frozen=True)
class Comparison:
    """The changes that lead to the code, and the renames that nobody has decided yet: with any, it is not complete."""

    changes: list[Change]
    undecided: list[Rename]


def compare(
    database: Catalogue, code: Catalogue, defaults: Mapping[tuple[str, str], object], answers: Answers
) -> Comparison:
    """`defaults`: what the code gives a field. Raises Invalid for what cannot be done, or an answer to no question."""
    now, changes, undecided = database, list[Change](), list[Rename]()
    unused = set(answers.renames | answers.removals)
    for kind in ("block", "field", "product", "fixed input"):
        chosen, open_ = _decide(_pairs(now, code, kind), answers, unused)
        undecided += open_
        for rename in chosen:
            change = _rename(rename)
            changes.append(change)
            now = change.on(now)
    _refuse_unused(unused, database, code)
    changes += _new_blocks(now, code)
    changes += _fields(now, code, defaults, {_address(key): value for key, value in answers.defaults.items()})
    changes += _products(now, code)
    changes += [
        RemoveField(block, name, spec)
        for block, fields in now.blocks.items()
        for name, spec in fields.items()
        if block in code.blocks and name not in code.blocks[block]
    ]
    for slug in sorted(set(now.products) - set(code.products)):
        known = now.products[slug]
        inputs = dict(known.fixed_inputs)
        removed = (slug, known.name, known.description, known.block, inputs, known.status, known.customers)
        changes.append(RemoveProduct(*removed))
    changes += _old_blocks(now, code)
    return Comparison(changes, undecided)


def _pairs(now: Catalogue, code: Catalogue, kind: Kind) -> list[Rename]:
    """Every pair of something gone and something new of the same kind and parent."""
    if kind == "block":
        return _cross(now.blocks, code.blocks, lambda old, new: Rename(kind, old, new, "", _same(now, code, old, new)))
    if kind == "product":
        return _cross(
            now.products,
            code.products,
            lambda old, new: Rename(kind, old, new, "", now.products[old].block == code.products[new].block),
        )
    found = []
    before = now.blocks if kind == "field" else {slug: item.fixed_inputs for slug, item in now.products.items()}
    after = code.blocks if kind == "field" else {slug: item.fixed_inputs for slug, item in code.products.items()}
    for parent in before.keys() & after.keys():
        old_items, new_items = before[parent], after[parent]
        found += _cross(
            old_items,
            new_items,
            lambda old, new: Rename(kind, old, new, parent, old_items[old] == new_items[new]),  # noqa: B023
        )
    return sorted(found, key=str)


def _cross(before: Mapping[str, object], after: Mapping[str, object], pair) -> list[Rename]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    gone, added = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    return [pair(old, new) for old in gone for new in added]


def _same(now: Catalogue, code: Catalogue, old: str, new: str) -> bool:
    return bool(set(now.blocks[old]) & set(code.blocks[new])) or not now.blocks[old]


def _decide(pairs: list[Rename], answers: Answers, unused: set[str]) -> tuple[list[Rename], list[Rename]]:
    renames = {_address(text) for text in answers.renames}
    removals = {_address(text) for text in answers.removals}
    chosen = [pair for pair in pairs if _address(str(pair)) in renames]
    settled = {(pair.parent, pair.old) for pair in chosen} | {(pair.parent, pair.new) for pair in chosen}
    unused -= {text for text in unused if _address(text) in {_address(str(pair)) for pair in chosen}}
    unused -= {text for text in unused if _address(text) in {_address(pair.removed) for pair in pairs}}
    open_ = [
        pair
        for pair in pairs
        if pair.alike
        and (pair.parent, pair.old) not in settled
        and (pair.parent, pair.new) not in settled
        and _address(pair.removed) not in removals
    ]
    return chosen, open_


def _address(text: str) -> str:
    return text.strip().lower().replace(" ", "-")


def _rename(rename: Rename) -> Change:
    match rename.kind:
        case "block":
            return RenameBlock(rename.old, rename.new)
        case "field":
            return RenameField(rename.parent, rename.old, rename.new)
        case "product":
            return RenameProduct(rename.old, rename.new)
        case "fixed input":
            return RenameFixedInput(rename.parent, rename.old, rename.new)


def _refuse_unused(unused: set[str], database: Catalogue, code: Catalogue) -> None:
    if unused:
        kinds: tuple[Kind, ...] = ("block", "field", "product", "fixed input")
        possible = ", ".join(str(pair) for kind in kinds for pair in _pairs(database, code, kind)) or "none"
        raise invalid(
            [
                FieldError(field=text, message=f"names nothing that is gone and new; possible renames: {possible}")
                for text in sorted(unused)
            ]
        )


def _new_blocks(now: Catalogue, code: Catalogue) -> list[Change]:
    """Those that others hold come first."""
    new = [name for name in code.blocks if name not in now.blocks]
    return [CreateBlock(name, code.blocks[name]) for name in _inner_first(new, code)]


def _old_blocks(now: Catalogue, code: Catalogue) -> list[Change]:
    """Those that hold others go first."""
    old = [name for name in now.blocks if name not in code.blocks]
    return [RemoveBlock(name, now.blocks[name]) for name in reversed(_inner_first(old, now))]


def _inner_first(names: list[str], catalogue: Catalogue) -> list[str]:
    ordered: list[str] = []

    def visit(name: str) -> None:
        for spec in catalogue.blocks[name].values():
            if "holds" in spec:
                visit(spec["type"])
        if name in names and name not in ordered:
            ordered.append(name)

    for name in sorted(names):
        visit(name)
    return ordered


def _fields(
    now: Catalogue, code: Catalogue, defaults: Mapping[tuple[str, str], object], given: Mapping[str, object]
) -> list[Change]:
    changes: list[Change] = []
    wrong: list[FieldError] = []
    for block in sorted(now.blocks.keys() & code.blocks.keys()):
        for name, spec in code.blocks[block].items():
            before = now.blocks[block].get(name)
            if before == spec:
                continue
            default = given.get(_address(f"{block}.{name}"), defaults.get((block, name)))
            problem = _problem(before, spec, default)
            if problem:
                wrong.append(FieldError(field=f"{block}.{name}", message=problem))
            elif before is None:
                changes.append(AddField(block, name, spec, default))
            else:
                changes.append(ChangeField(block, name, before, spec, default))
    if wrong:
        raise invalid(wrong)
    return changes


def _problem(before: Field | None, spec: Field, default: object) -> str | None:
    needed = not spec.get("optional") and "since" not in spec
    was_there = before is not None and not before.get("optional") and "since" not in before
    if "uses" in spec and before is None and default is not None:
        return "refers to another subscription, so existing ones cannot get a default for it: make it optional"
    if needed and not was_there and default is None:
        return (
            "is new and required, and existing subscriptions have no value for it: give it a default in the code, "
            "give --default BLOCK.FIELD=VALUE for the existing ones only, or make it optional (`| None = None`)"
        )
    return None


def _products(now: Catalogue, code: Catalogue) -> list[Change]:
    changes: list[Change] = []
    for slug, new in code.products.items():
        old = now.products.get(slug)
        if old is None:
            inputs = dict(new.fixed_inputs)
            changes.append(CreateProduct(slug, new.name, new.description, new.block, inputs, new.status, new.customers))
            continue
        differs = [name for name in _PRODUCT if getattr(old, name) != getattr(new, name)]
        if differs:
            before = {name: getattr(old, name) for name in differs}
            changes.append(ChangeProduct(slug, before, {name: getattr(new, name) for name in differs}))
        for name in sorted(old.fixed_inputs.keys() | new.fixed_inputs.keys()):
            was, is_ = old.fixed_inputs.get(name), new.fixed_inputs.get(name)
            if was != is_:
                changes.append(ChangeFixedInput(slug, name, was, is_))
    return changes
