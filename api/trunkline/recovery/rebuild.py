"""Rebuild the order book from NetBox: what NetBox has under a subscription that is unknown here is reported."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trunkline.recovery.compare import BLOCKS, Finding, Item, block_of, name_of, product_of

_IN_SERVICE = "active"


@dataclass(frozen=True)
class Report:
    """What is sent to PUT /api/v1/reports/{subscription}."""

    subscription: uuid.UUID
    about: str
    body: dict[str, object]


def reports(found: list[Finding], fabric: Mapping[str, list[Item]], customer: str) -> Iterator[Report]:
    """A report for each object in service whose subscription is unknown here, first what others refer to. Pure.

    NetBox does not know customers: all become orders of `customer`. Objects that fit no product, or are not in
    service, are left out: they stay findings.
    """
    unknown = {str(item.subscription) for item in found if item.what == "unknown here"}
    for kind in BLOCKS:
        for item in fabric.get(kind, []):
            product = product_of(item, kind)
            if product is None or item["status"] != _IN_SERVICE or str(item["subscription"]) not in unknown:
                continue
            body: dict[str, object] = {
                "product": product.slug,
                "customer": customer,
                "status": "active",
                "block": block_of(product, item),
                "by": "reconcile",
            }
            yield Report(uuid.UUID(str(item["subscription"])), name_of(item), body)
