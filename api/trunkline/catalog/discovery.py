"""Find the products: every module in `trunkline.catalog.products`."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator

from trunkline.catalog import products
from trunkline.catalog.block import Block, nested, references
from trunkline.catalog.product import Product


def discover() -> dict[str, Product]:
    """All products by slug. Raises TypeError naming the file that breaks a rule of the catalogue."""
    found: dict[str, Product] = {}
    for module in sorted(pkgutil.iter_modules(products.__path__), key=lambda item: item.name):
        name = f"{products.__name__}.{module.name}"
        listed = getattr(importlib.import_module(name), "PRODUCTS", None)
        if not isinstance(listed, list):
            raise TypeError(f"{name}: has no list PRODUCTS of the products that it defines")
        for product in listed:
            if product.slug in found:
                raise TypeError(f"{name}: the slug {product.slug} is that of another product; each needs its own")
            found[product.slug] = product
    _refuse_namesakes(found.values())
    _refuse_dangling(blocks_of(found.values()))
    return found


def blocks_of(products: Iterable[Product]) -> dict[str, type[Block]]:
    """Every block of these products by name, those inside others too."""
    return {block.block_name: block for product in products for block in _blocks(product.block)}


def _blocks(block: type[Block]) -> Iterator[type[Block]]:
    yield block
    for field in block.model_fields.values():
        inner = nested(field)
        if inner is not None:
            yield from _blocks(inner.block)


def _refuse_namesakes(products: Iterable[Product]) -> None:
    """A block's name is its identity in the database, so two classes cannot share one."""
    classes: dict[str, type[Block]] = {}
    for product in products:
        for block in _blocks(product.block):
            where = f"{block.__module__}.{block.__qualname__}"
            if not block.block_name:
                raise TypeError(f"{where}: has no name; write class {block.__name__}(Block, name=...)")
            other = classes.setdefault(block.block_name, block)
            if other is not block:
                raise TypeError(f"{where}: the block name {block.block_name!r} is that of {other.__module__}, too")


def _refuse_dangling(blocks: dict[str, type[Block]]) -> None:
    for block in blocks.values():
        for path, use in references(block).items():
            if use.block not in blocks or use.field not in blocks[use.block].model_fields:
                where = f"{block.__module__}.{block.__qualname__}.{path}"
                raise TypeError(f"{where}: uses {use.block}.{use.field}, which no product has")
