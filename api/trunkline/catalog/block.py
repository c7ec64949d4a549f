"""Product blocks: written once, with the lifecycle stage from which each field must be present."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, ClassVar, Unpack, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from trunkline.catalog.types import Changeable, Uses
from trunkline.catalog.values import Values, matching, pattern_of

STAGES = ("initial", "provisioning", "active")


class _RequiredFrom:
    """What `From` leaves on a field: the stage, and the type without its `| None`."""

    def __init__(self, stage: str, type_: object) -> None:
        self.stage = stage
        self.type = type_


class From:
    """`From["provisioning", int]`: learned while provisioning, so absent before that stage and required from it on."""

    def __class_getitem__(cls, item: tuple[str, object]) -> object:
        stage, type_ = item
        if stage not in STAGES:
            raise TypeError(f"From[{stage!r}, ...]: the stage must be one of {', '.join(STAGES)}")
        optional = type_ | None  # type: ignore[operator]  # a type at run time
        return Annotated[optional, _RequiredFrom(stage, type_), Field(default=None)]


class Block(BaseModel):
    """Base of all product blocks; `class NodeBlock(Block, name="Node")` names it for the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    block_name: ClassVar[str] = ""

    def __init_subclass__(cls, *, name: str | None = None, **config: Unpack[ConfigDict]) -> None:
        super().__init_subclass__(**config)
        if name is not None:
            cls.block_name = name

    def describe(self) -> str:
        """The subscription's description, for people."""
        return self.block_name

    def claims(self) -> list[str]:
        """What only one living subscription may hold, in words that a refusal can show."""
        return []

    def values(self) -> Values:
        """The block as JSON values, without what is not known yet."""
        return self.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True)
class Nested:
    """A field that holds another block: one, perhaps none (`optional`), or a list of them (`many`)."""

    block: type[Block]
    optional: bool = False
    many: bool = False

    def of(self, model: type[BaseModel]) -> object:
        """The field's type, with `model` in place of the block."""
        if self.many:
            return list[model]  # type: ignore[valid-type]  # a type at run time
        return model | None if self.optional else model


def nested(field: FieldInfo) -> Nested | None:
    """How the field holds another block, if it does: `Endpoint`, `Endpoint | None` or `list[Endpoint]`."""
    annotation: object = field.annotation
    members = [item for item in get_args(annotation) if item is not NoneType]
    optional = isinstance(annotation, UnionType) and len(members) == 1 and len(get_args(annotation)) > 1
    many = get_origin(annotation) is list
    inner = members[0] if members and (optional or many) else annotation
    return Nested(inner, optional, many) if isinstance(inner, type) and issubclass(inner, Block) else None


def required_from(field: FieldInfo) -> str | None:
    """The stage from which the network gives the field; None: a person gives it."""
    learned = _required_from(field)
    return learned.stage if learned else None


def _required_from(field: FieldInfo) -> _RequiredFrom | None:
    return next((item for item in field.metadata if isinstance(item, _RequiredFrom)), None)


def at_stage[B: Block](block: type[B], stage: str) -> type[B]:
    """The model of `block` in which every field required from `stage` or earlier must be present.

    mypy knows what its fields are from then on: `int`, where the block itself has `int | None`.
    """
    return cast("type[B]", _at_stage(block, stage))


@lru_cache
def _at_stage(block: type[Block], stage: str) -> type[Block]:
    reached = STAGES.index(stage)
    fields: dict[str, object] = {}
    for name, field in block.model_fields.items():
        learned, inner = _required_from(field), nested(field)
        due = learned is not None and STAGES.index(learned.stage) <= reached
        if inner is not None:
            needed = Nested(inner.block, inner.optional and not due, inner.many)
            fields[name] = (needed.of(at_stage(inner.block, stage)), _plain(field, required=due))
        elif learned is not None and due:
            fields[name] = (learned.type, Field(description=field.description))
    derived = create_model(f"{block.__name__}{stage.title()}", __base__=block, **fields)  # type: ignore[call-overload]
    return cast("type[Block]", derived)


def _plain(field: FieldInfo, required: bool) -> FieldInfo:
    """The field's default, text and constraints, to go with another type."""
    return Field(description=field.description) if required else copy.copy(field)


@dataclass(frozen=True)
class Leaf:
    """A field that holds a value, not a block, somewhere in a block."""

    pattern: str
    field: FieldInfo
    learned: bool
    changeable: bool


@lru_cache
def leaves(block: type[Block]) -> tuple[Leaf, ...]:
    """Every leaf of the block. What is said of a field that holds a block counts for all below it."""
    return tuple(_walk(block, "", learned=False, changeable=False))


def _walk(block: type[Block], prefix: str, *, learned: bool, changeable: bool) -> list[Leaf]:
    found: list[Leaf] = []
    for name, field in block.model_fields.items():
        inner = nested(field)
        given = learned or _required_from(field) is not None
        may_change = changeable or Changeable in field.metadata
        if inner is not None:
            below = f"{prefix}{name}.*." if inner.many else f"{prefix}{name}."
            found += _walk(inner.block, below, learned=given, changeable=may_change)
        if inner is None or inner.many or inner.optional:
            # An empty list and an absent block are values, too.
            found.append(Leaf(prefix + name, field, given, may_change and not given))
    return found


def learned_paths(block: type[Block]) -> frozenset[str]:
    """Patterns ("a.ipv4") of the fields that the network gives and a person may not."""
    return _patterns(block, lambda leaf: leaf.learned)


def changeable_paths(block: type[Block]) -> frozenset[str]:
    """Patterns of the fields that a modify order may change."""
    return _patterns(block, lambda leaf: leaf.changeable and not leaf.learned)


def _patterns(block: type[Block], wanted: Callable[[Leaf], bool]) -> frozenset[str]:
    return frozenset(leaf.pattern for leaf in leaves(block) if wanted(leaf))


@lru_cache
def references(block: type[Block]) -> dict[str, Uses]:
    """Pattern -> what it refers to, for every field that names another subscription."""
    return {leaf.pattern: use for leaf in leaves(block) for use in leaf.field.metadata if isinstance(use, Uses)}


def references_in(block: type[Block], values: Values) -> dict[str, Uses]:
    """Path -> what it refers to, for every such value that is given: "points.0.node" for the first of a list."""
    found = references(block)
    return {path: found[pattern_of(path)] for path in matching(values, found)}


@lru_cache
def input_model(block: type[Block]) -> type[BaseModel]:
    """Only what a person gives: the schema of the order form."""
    fields: dict[str, object] = {}
    for name, field in block.model_fields.items():
        inner = nested(field)
        if _required_from(field) is None:
            fields[name] = (inner.of(input_model(inner.block)) if inner else field.annotation, field)
    name = f"{block.__name__.removesuffix('Block')}Input"
    config = ConfigDict(extra="forbid", title=block.block_name or name)
    return cast("type[BaseModel]", create_model(name, __config__=config, **fields))  # type: ignore[call-overload]
