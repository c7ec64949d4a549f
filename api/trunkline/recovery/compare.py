"""Compare the order book with what NetBox has. Pure."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from trunkline.catalog import PRODUCTS, Product
from trunkline.catalog.block import leaves
from trunkline.catalog.values import Values, flatten, items_of, pick
from trunkline.db.models import Lifecycle
from trunkline.errors import Invalid
from trunkline.lifecycle import IN_SERVICE

type Item = Mapping[str, Any]

# What the fabric has, and the blocks that stand for it; each refers to those before it.
BLOCKS = {
    "nodes": ("Node",),
    "circuits": ("Core circuit",),
    "ports": ("Port",),
    "l2vpns": ("L2VPN point-to-point", "L2VPN"),
}


@dataclass(frozen=True)
class Ordered:
    """A subscription of the order book."""

    id: uuid.UUID
    product: str
    status: Lifecycle
    description: str
    block: dict[str, object]


@dataclass(frozen=True)
class Finding:
    """Where the two disagree, and what to do about it."""

    subscription: uuid.UUID
    what: str
    about: str
    detail: str
    remedy: str


def compare(ordered: Iterable[Ordered], fabric: Mapping[str, list[Item]]) -> list[Finding]:
    """All findings. Subscriptions of other blocks than `BLOCKS` are not in `fabric`, and not compared."""
    names = {name for blocks in BLOCKS.values() for name in blocks}
    book = {one.id: one for one in ordered if PRODUCTS[one.product].block.block_name in names}
    found: list[Finding] = []
    seen: set[uuid.UUID] = set()
    for kind in BLOCKS:
        for item in fabric.get(kind, []):
            try:
                identity = uuid.UUID(str(item["subscription"]))
            except ValueError:
                continue
            if identity in seen:
                found.append(_twice(identity, item))
                continue
            seen.add(identity)
            found += _of_item(identity, item, kind, book.get(identity))
    lost = (one for one in book.values() if one.status in IN_SERVICE and one.id not in seen)
    return found + [
        Finding(one.id, "not in NetBox", one.description, f"{one.status} here", f"trunkline resync {one.id}")
        for one in lost
    ]


def _of_item(identity: uuid.UUID, item: Item, kind: str, one: Ordered | None) -> list[Finding]:
    about = name_of(item)
    if one is None or one.status is Lifecycle.TERMINATED:
        here = "unknown" if one is None else "terminated"
        product = product_of(item, kind)
        remedy = (
            f"trunkline reconcile --adopt CUSTOMER makes it a {product.slug}"
            if product is not None and one is None
            else "remove it in NetBox, or with the playbook that terminates it"
        )
        return [Finding(identity, f"{here} here", about, f"{item['status']} in NetBox", remedy)]
    values = values_of(item)
    there = flatten(values)
    differing = [
        f"{path} is {value!r} here, {there[path]!r} in NetBox"
        for path, value in flatten(_in_order(one.block)).items()
        if path in there and there[path] != value
    ]
    differing += [
        f"{name} has {len(items_of(value))} items here, {len(items_of(values[name]))} in NetBox"
        for name, value in one.block.items()
        if name in values and len(items_of(value)) != len(items_of(values[name]))
    ]
    if not differing:
        return []
    return [Finding(identity, "differs", one.description, "; ".join(differing), f"trunkline validate {identity}")]


def _in_order(block: Values) -> Values:
    """The block with its access points in the order of the fabric, which says nothing."""
    saps = items_of(block.get("saps"))
    place = sorted(saps, key=lambda sap: (str(sap["port"]), int(str(sap.get("vlan") or 0))))
    return {**block, "saps": cast("object", place)} if saps else block


def _twice(identity: uuid.UUID, item: Item) -> Finding:
    about = name_of(item)
    return Finding(
        identity, "twice in NetBox", about, "another object has the same subscription", "remove one in NetBox"
    )


def name_of(item: Item) -> str:
    """What people call it."""
    return str(item.get("name") or item.get("cid"))


def values_of(item: Item) -> dict[str, object]:
    """An item of the fabric under the names of the block's fields."""
    values = {name: value for name, value in item.items() if name not in ("status", "subscription")}
    if isinstance(values.get("site"), Mapping):
        values["site"] = values["site"]["slug"]
    return values


def block_of(product: Product, item: Item) -> Values:
    """What of an item are fields of the product's block."""
    fields = {leaf.pattern for leaf in leaves(product.block)}
    return pick(values_of(item), fields.__contains__)


def product_of(item: Item, kind: str) -> Product | None:
    """The product whose fixed inputs the item has; None when no product or several would fit.

    Of blocks that stand for the same, as for L2VPNs, the first that the item fits counts.
    """
    for block in BLOCKS[kind]:
        fitting = [
            product
            for product in PRODUCTS.values()
            if product.block.block_name == block
            and all(item.get(name, value) == value for name, value in product.fixed_inputs.items())
            and (len(BLOCKS[kind]) == 1 or _fits(product, item))
        ]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _fits(product: Product, item: Item) -> bool:
    try:
        product.ordered(product.unlearned(block_of(product, item)))
    except Invalid:
        return False
    return True
