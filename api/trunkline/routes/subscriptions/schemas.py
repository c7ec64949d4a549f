"""Subscriptions as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from trunkline.db.models import Approval, Lifecycle, Subscription
from trunkline.routes.paging import ListParams

_NODE: dict[str, JsonValue] = {"name": "ams-pe", "site": "ams", "role": "pe", "management": "172.20.20.11/24"}
_CIRCUIT: dict[str, JsonValue] = {
    "a": {"node": "ams-pe", "interface": "eth1"},
    "z": {"node": "par-p", "interface": "eth2"},
    "isis_metric": 10,
}
_EXAMPLES: list[JsonValue] = [
    {"product": "node-frr", "customer": "noc", "approval": "auto", "input": _NODE},
    {"product": "core-circuit-10g", "customer": "noc", "approval": "auto", "input": _CIRCUIT},
]


class OrderIn(BaseModel):
    """An order for a new subscription."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLES})

    product: str = Field(description="Slug of the product")
    customer: str = Field(description="Shortcode or id of the customer")
    approval: Approval = Field(Approval.AUTO, description="manual: the run waits for a person once its plan is made")
    note: str = Field("", max_length=2000)
    input: dict[str, Any] = Field(description="As GET /api/v1/products/{slug} describes it")


class ModifyIn(BaseModel):
    """A change of a subscription. Only fields given change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"input": {"under_maintenance": True}, "approval": "auto"}]}
    )

    input: dict[str, Any]
    approval: Approval = Approval.AUTO


class SubscriptionOut(BaseModel):
    """A subscription."""

    id: uuid.UUID
    product: str = Field(examples=["core-circuit-10g"])
    customer: str = Field(examples=["noc"])
    status: Lifecycle
    insync: bool = Field(description="NetBox and routers are known to be as the subscription says")
    description: str = Field(examples=["Core circuit 10G ams-pe:eth1 - par-p:eth2"])
    note: str
    block: dict[str, Any] = Field(examples=[_CIRCUIT])
    start_date: datetime | None
    end_date: datetime | None
    created_at: datetime
    updated_at: datetime


class SubscriptionFilter(ListParams):
    """Filters of the list of subscriptions."""

    status: str | None = Field(None, examples=["active,provisioning"])
    product: str | None = None
    customer: str | None = None
    insync: str | None = None
    description: str | None = None


class DependencyOut(BaseModel):
    """A subscription that another refers to, and where."""

    path: str = Field(examples=["a.node"])
    subscription: SubscriptionOut


def subscription_out(row: Subscription) -> SubscriptionOut:
    """The subscription as every answer carries it."""
    return SubscriptionOut(
        id=row.id,
        product=row.product_slug,
        customer=row.customer.shortcode,
        status=row.status,
        insync=row.insync,
        description=row.description,
        note=row.note,
        block=row.block,
        start_date=row.start_date,
        end_date=row.end_date,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
