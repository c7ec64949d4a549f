"""Rebuild the order book from NetBox: what NetBox has under a subscription that is unknown here is reported."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from trunkline.catalog.block import leaves
from trunkline.catalog.values import Values, flatten, merge
from trunkline.recovery.compare import Finding, Item, name_of, product_of, values_of

# Circuits refer to nodes.
_ORDER = ("nodes", "circuits")
_IN_SERVICE = "active"


@dataclass(frozen=True)
class Report:
    """What is sent to PUT /api/v1/reports/{subscription}."""

    subscription: uuid.UUID
    about: str
    body: dict[str, object]


def reports(found: list[Finding], fabric: Mapping[str, list[Item]], customer: str) -> Iterator[Report]:
    """A report for each object in service whose subscription is unknown here, nodes first. Pure.

    NetBox does not know customers: all become orders of `customer`. Objects that fit no product, or are not in
    service, are left out: they stay findings.
    """
    unknown = {str(item.subscription) for item in found if item.what == "unknown here"}
    for kind in _ORDER:
        for item in fabric[kind]:
            product = product_of(item, kind)
            if product is None or item["status"] != _IN_SERVICE or str(item["subscription"]) not in unknown:
                continue
            known = flatten(values_of(item))
            fields = {leaf.pattern for leaf in leaves(product.block)}
            block = _nested({path: known[path] for path in sorted(fields & known.keys())})
            body: dict[str, object] = {
                "product": product.slug,
                "customer": customer,
                "status": "active",
                "block": block,
                "by": "reconcile",
            }
            yield Report(uuid.UUID(str(item["subscription"])), name_of(item), body)


def _nested(flat: Values) -> Values:
    values: Values = {}
    for path, value in flat.items():
        for part in reversed(path.split(".")):
            value = {part: value}  # noqa: PLW2901
        values = merge(values, cast("Values", value))
    return values
