"""The catalogue: what can be ordered. One file a product, in `products/`."""

from trunkline.catalog.block import Block, From
from trunkline.catalog.discovery import discover
from trunkline.catalog.product import TARGETS, Product, Target, Workflow
from trunkline.catalog.values import Values

PRODUCTS: dict[str, Product] = discover()

__all__ = ["PRODUCTS", "TARGETS", "Block", "From", "Product", "Target", "Values", "Workflow"]
