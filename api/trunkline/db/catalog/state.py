"""What a catalogue says, as plain data: of the code, or of the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict, get_args

from pydantic import TypeAdapter
from pydantic_core import PydanticUndefined, to_jsonable_python

from trunkline.catalog.block import Block, nested, required_from
from trunkline.catalog.discovery import blocks_of
from trunkline.catalog.product import Product
from trunkline.catalog.types import Uses


class Field(TypedDict, total=False):
    """A resource type: one field of a block. What is left out does not hold."""

    type: str  # as JSON Schema names it ("string", "integer", "ipv4interface"), or the name of the block that it holds
    holds: Literal["block", "blocks"]  # one block, or a list of them
    since: str  # the stage from which it is there: what the network gives
    optional: bool  # may be absent at any stage
    uses: str  # "Node.name": the field of another subscription's block that its value names


@dataclass(frozen=True)
class ProductState:
    """A product, without what only the code needs to know."""

    name: str
    description: str
    block: str
    fixed_inputs: Mapping[str, object] = field(default_factory=dict)
    status: str = "active"
    customers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Blocks by name with their fields by name, and products by slug."""

    blocks: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    products: Mapping[str, ProductState] = field(default_factory=dict)

    def with_block(self, name: str, fields: Mapping[str, Field]) -> "Catalogue":
        """The catalogue with this block, new or in place of its former self."""
        return replace(self, blocks={**self.blocks, name: dict(fields)})

    def with_product(self, slug: str, product: ProductState) -> "Catalogue":
        """The catalogue with this product, new or in place of its former self."""
        return replace(self, products={**self.products, slug: product})

    def places(self, block: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Where the block stands in stored values: product, and the keys down to it ("*": each item of a list)."""
        for slug, product in self.products.items():
            for path in self._below(product.block, block):
                yield slug, path

    def _below(self, root: str, block: str) -> Iterator[tuple[str, ...]]:
        if root == block:
            yield ()
        for name, spec in self.blocks[root].items():
            if "holds" in spec:
                step = (name, "*") if spec["holds"] == "blocks" else (name,)
                for path in self._below(spec["type"], block):
                    yield (*step, *path)


def of_code(products: Mapping[str, Product]) -> Catalogue:
    """The catalogue that the code defines."""
    return Catalogue(
        {name: fields_of(block) for name, block in blocks_of(products.values()).items()},
        {
            slug: ProductState(
                product.name,
                product.description,
                product.block.block_name,
                dict(product.fixed_inputs),
                product.status,
                product.customers,
            )
            for slug, product in products.items()
        },
    )


def defaults_of(products: Mapping[str, Product]) -> dict[tuple[str, str], object]:
    """(block, field) -> the default that the code gives it, as JSON; fields without one are left out."""
    found = {}
    for name, block in blocks_of(products.values()).items():
        for key, info in block.model_fields.items():
            value = info.get_default(call_default_factory=True)
            if value is not PydanticUndefined and value is not None:
                found[name, key] = to_jsonable_python(value, exclude_none=True)
    return found


def fields_of(block: type[Block]) -> dict[str, Field]:
    """What the database knows of a block's fields."""
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
