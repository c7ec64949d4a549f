"""Resource types: the fields of a block as plain data, for the database and for REST."""

from functools import lru_cache
from typing import Any, Literal, TypedDict, get_args

from pydantic import TypeAdapter

from trunkline.catalog.block import Block, nested, required_from
from trunkline.catalog.types import Uses


class Field(TypedDict, total=False):
    """A resource type: one field of a block. What is left out does not hold."""

    type: str  # as JSON Schema names it ("string", "integer", "ipv4interface"), or the name of the block that it holds
    holds: Literal["block", "blocks"]  # one block, or a list of them
    since: str  # the stage from which it is there: what the network gives
    optional: bool  # may be absent at any stage
    uses: str  # "Node.name": the field of another subscription's block that its value names


@lru_cache
def fields_of(block: type[Block]) -> dict[str, Field]:
    """What the database knows of a block's fields, by name."""
    fields = {}
    for name, info in block.model_fields.items():
        inner, since = nested(info), required_from(info)
        spec = Field(type=inner.block.block_name if inner else _type(info.annotation))
        if inner:
            spec["holds"] = "blocks" if inner.many else "block"
        if since:
            spec["since"] = since
        elif type(None) in get_args(info.annotation):
            spec["optional"] = True
        for use in info.metadata:
            if isinstance(use, Uses):
                spec["uses"] = f"{use.block}.{use.field}"
        fields[name] = spec
    return fields


def _type(annotation: Any) -> str:  # noqa: ANN401 (what pydantic takes as a type)
    schema = TypeAdapter[object](annotation).json_schema()
    return _name(schema, schema.get("$defs", {}))


def _name(schema: dict[str, object], definitions: dict[str, dict[str, object]]) -> str:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _name(definitions[reference.rpartition("/")[2]], definitions)
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        names = [_name(item, definitions) for item in choices if item.get("type") != "null"]
        return " | ".join(dict.fromkeys(names))
    items = schema.get("items")
    if isinstance(items, dict):
        return f"list of {_name(items, definitions)}"
    if "enum" in schema or "const" in schema:
        return str(schema.get("type", "string"))
    return str(schema.get("format") or schema.get("type", "any"))
