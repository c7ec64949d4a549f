"""What a catalogue says, as plain data: of the code, or of the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic_core import PydanticUndefined, to_jsonable_python

from trunkline.catalog.discovery import blocks_of
from trunkline.catalog.product import Product
from trunkline.catalog.resource_types import Field, fields_of


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
