"""The catalogue: what can be ordered. One file a product; each has a list `PRODUCTS`."""

from trunkline.catalog import core_circuit, node
from trunkline.catalog.block import Block, From, Values
from trunkline.catalog.product import TARGETS, Product, Target, Workflow

PRODUCTS: dict[str, Product] = {product.slug: product for module in (node, core_circuit) for product in module.PRODUCTS}

__all__ = ["PRODUCTS", "TARGETS", "Block", "From", "Product", "Target", "Values", "Workflow"]
