"""Product blocks: written once, with the lifecycle stage from which each field must be present."""

from functools import lru_cache
from typing import Annotated, ClassVar, Unpack, cast

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from trunkline.catalog.types import Changeable, Uses

STAGES = ("initial", "provisioning", "active")
type Values = dict[str, object]


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


def _required_from(field: FieldInfo) -> _RequiredFrom | None:
    return next((item for item in field.metadata if isinstance(item, _RequiredFrom)), None)


def _nested(field: FieldInfo) -> type[Block] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, Block) else None


@lru_cache
def at_stage[B: Block](block: type[B], stage: str) -> type[B]:
    """The model of `block` in which every field required from `stage` or earlier must be present."""
    reached = STAGES.index(stage)
    fields: dict[str, object] = {}
    for name, field in block.model_fields.items():
        learned, nested = _required_from(field), _nested(field)
        if learned is not None and STAGES.index(learned.stage) <= reached:
            fields[name] = (learned.type, Field(description=field.description))
        elif nested is not None:
            fields[name] = (at_stage(nested, stage), Field(description=field.description))
    derived = create_model(f"{block.__name__}{stage.title()}", __base__=block, **fields)  # type: ignore[call-overload]
    return cast("type[B]", derived)


def learned_paths(block: type[Block]) -> frozenset[str]:
    """Paths ("a.ipv4") of the fields that the network gives and a person may not."""
    return frozenset(path for path, field in _walk(block) if _required_from(field) is not None)


def references(block: type[Block]) -> dict[str, Uses]:
    """Path -> what it refers to, for every field that names another subscription."""
    return {path: use for path, field in _walk(block) for use in field.metadata if isinstance(use, Uses)}


def changeable_paths(block: type[Block]) -> frozenset[str]:
    """Paths of the fields that a modify order may change."""
    return frozenset(path for path, field in _walk(block) if Changeable in field.metadata)


def _walk(block: type[Block], prefix: str = "") -> list[tuple[str, FieldInfo]]:
    """Every leaf field of the block with its dotted path."""
    leaves: list[tuple[str, FieldInfo]] = []
    for name, field in block.model_fields.items():
        nested = _nested(field)
        if nested is not None:
            leaves.extend(_walk(nested, f"{prefix}{name}."))
        else:
            leaves.append((prefix + name, field))
    return leaves


@lru_cache
def input_model(block: type[Block]) -> type[BaseModel]:
    """Only what a person gives: the schema of the order form."""
    fields: dict[str, object] = {}
    for name, field in block.model_fields.items():
        nested = _nested(field)
        if _required_from(field) is not None:
            continue
        if nested is not None:
            fields[name] = (input_model(nested), ...)
        else:
            fields[name] = (field.annotation, field)
    name = f"{block.__name__.removesuffix('Block')}Input"
    forbid = ConfigDict(extra="forbid")
    return cast("type[BaseModel]", create_model(name, __config__=forbid, **fields))  # type: ignore[call-overload]


def flatten(values: Values, prefix: str = "") -> Values:
    """Nested mappings as dotted paths: {"a": {"node": 1}} -> {"a.node": 1}."""
    flat: Values = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(cast("Values", value), f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def merge(base: Values, changes: Values) -> Values:
    """`base` with `changes` laid over it, mapping by mapping; neither is altered."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = merge(cast("Values", below), cast("Values", value))
        else:
            merged[key] = value
    return merged
