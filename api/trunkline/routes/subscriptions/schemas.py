"""Subscriptions as the API speaks of them."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import Row, Select, select

from trunkline.db.models import Approval, Customer, Lifecycle, Subscription
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


Note = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


class OneOfMany(BaseModel):
    """One order of a batch."""

    model_config = ConfigDict(extra="forbid")

    product: str = Field(max_length=100, description="Slug of the product", examples=["node-frr"])
    customer: str = Field(max_length=100, description="Shortcode or id of the customer", examples=["noc"])
    note: Note = ""
    input: dict[str, Any] = Field(description="As GET /api/v1/products/{slug} describes it", examples=[_NODE])


class OrderIn(OneOfMany):
    """An order for a new subscription."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLES})

    approval: Approval = Field(Approval.AUTO, description="manual: the run waits for a person once its plan is made")
    plan_only: bool = Field(False, description="The run ends with its plan: nothing is stored, nothing is reserved")


class BatchIn(BaseModel):
    """Many orders at once: all of them are taken, or none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"orders": [{"product": "node-frr", "customer": "noc", "input": _NODE}]}]},
    )

    orders: list[OneOfMany] = Field(min_length=1, max_length=1000)
    approval: Approval = Approval.AUTO


class ModifyIn(BaseModel):
    """A change of a subscription. Only fields given change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"input": {"under_maintenance": True}, "approval": "auto"}]}
    )

    input: dict[str, Any] | None = None
    approval: Approval = Approval.AUTO
    plan_only: bool = Field(False, description="The run ends with its plan: nothing is changed")
    status: Literal["active", "migrating", "disabled"] | None = Field(
        None, description="Where in its life it shall be; NetBox follows"
    )
    note: Note | None = None
    end_date: AwareDatetime | None = Field(None, description="When it is meant to end; null: nobody knows")


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

    q: str | None = Field(
        None,
        max_length=200,
        description="Words that description, note, product or any value of the block begin with; all must be found",
        examples=["ams-pe 10.0.127"],
    )
    id: str | None = Field(None, description="Ids, or how they begin (at least 4 digits)", examples=["5c6b0f6e"])

    status: str | None = Field(None, examples=["active,provisioning"])
    product: str | None = None
    customer: str | None = None
    insync: str | None = None
    description: str | None = None


class DependencyOut(BaseModel):
    """A subscription that another refers to, and where."""

    path: str = Field(examples=["a.node"])
    subscription: SubscriptionOut


class Related(BaseModel):
    """A subscription at the other end of a reference, in short."""

    path: str = Field(examples=["a.node"])
    id: uuid.UUID
    product: str = Field(examples=["node-frr"])
    status: Lifecycle
    description: str = Field(examples=["Node ams-pe at ams"])


class SubscriptionDetail(SubscriptionOut):
    """A subscription with what it hangs together with."""

    depends_on: list[Related]
    in_use_by: list[Related] = Field(description="The first 100; GET .../in-use-by has all")
    run: uuid.UUID | None = Field(description="The run that works on it at this moment")


class AllowedWorkflow(BaseModel):
    """A workflow of the subscription's product."""

    name: str = Field(examples=["modify-core-circuit-10g"])
    target: str = Field(examples=["modify"])
    reason: str | None = Field(description="What stands against it now; null: nothing")


class ChangeOut(BaseModel):
    """One change: only what differs, before and after."""

    id: int
    made_by: str = Field(description="Who; of a change in a run, who ordered or approved it", examples=["noc"])
    run: uuid.UUID | None
    before: dict[str, Any] = Field(examples=[{"status": "provisioning"}])
    after: dict[str, Any] = Field(examples=[{"status": "active"}])
    created_at: datetime


class ChangeFilter(ListParams):
    """Filters of the history."""

    made_by: str | None = None
    run: str | None = None


class BatchOrderOut(BaseModel):
    """One order of a batch."""

    run: uuid.UUID = Field(description="Its own run: status, error, retry")
    subscription: SubscriptionOut


class BatchOut(BaseModel):
    """The runs that carry the orders out together, and what each order became, in the order in which they came."""

    batches: list[uuid.UUID]
    orders: list[BatchOrderOut]


def shown_columns() -> Select[*tuple[Any, ...]]:
    """What `SubscriptionOut` shows, as columns: for lists, where objects would cost more than the query."""
    return _SHOWN


_SHOWN = select(
    Subscription.id,
    Subscription.product_slug.label("product"),
    Customer.shortcode.label("customer"),
    Subscription.status,
    Subscription.insync,
    Subscription.description,
    Subscription.note,
    Subscription.block,
    Subscription.start_date,
    Subscription.end_date,
    Subscription.created_at,
    Subscription.updated_at,
).join(Customer, Customer.id == Subscription.customer_id)


def of_columns(row: Row[Any]) -> SubscriptionOut:
    """A row of `shown_columns`. Nothing is checked: it was all made by us."""
    return SubscriptionOut.model_construct(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)


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
