"""Reports as the API speaks of them."""

import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from trunkline.routes.subscriptions.schemas import SubscriptionOut

_NODE: JsonDict = {
    "name": "ams-pe",
    "site": "ams",
    "role": "pe",
    "management": "172.20.20.11/24",
    "device_type": "frr-router",
    "netbox_id": 1,
    "loopback_ipv4": "10.0.127.2/32",
    "loopback_ipv6": "fc00:0:0:127::2/128",
}


class Changed(BaseModel):
    """What the playbook changed, as it gives it to set_stats."""

    netbox: list[dict[str, Any]] = []
    devices: dict[str, str] = {}


class ReportIn(BaseModel):
    """What a playbook has done that was not launched by this service. Of what is terminated, the status suffices."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"product": "node-frr", "customer": "noc", "status": "active", "block": _NODE, "by": "alice"}]
        },
    )

    product: str = Field("", max_length=100, description="Slug of the product", examples=["node-frr"])
    customer: str = Field("", max_length=100, description="Shortcode or id of the customer", examples=["noc"])
    status: Literal["active", "migrating", "disabled", "terminated"] = Field(description="Where it is in its life now")
    block: dict[str, Any] = Field(
        description="The block as the playbook had it, with what was learned",
        default_factory=dict,
        examples=[_NODE],
    )
    by: str = Field("", max_length=200, description="Who ran the playbook, and where", examples=["alice@bastion"])
    plan: Changed = Changed()


class ReportOut(BaseModel):
    """What the order book made of the report."""

    changed: bool = Field(description="false: it knew all of that")
    run: uuid.UUID | None = Field(description="The run that keeps the report; null when nothing changed")
    subscription: SubscriptionOut
