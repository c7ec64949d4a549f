"""Tasks: work that no order asks for, done as a run all the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork

from trunkline.catalog import PRODUCTS
from trunkline.catalog.types import NodeName, Slug, Text
from trunkline.db.models import Approval

SHARD = 20
"""Runs that a task over many subscriptions has under way at a time, unless it says otherwise."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Pool(_Input):
    """A prefix from which addresses are taken."""

    prefix: IPvAnyNetwork = Field(examples=["10.0.127.0/24"])
    role: Slug = Field(examples=["loopback"])
    reserve_first: bool = False


class Site(_Input):
    """A place where nodes stand."""

    slug: Slug
    name: Text = Field(max_length=100, examples=["Amsterdam"])


class Isis(_Input):
    """The routing instance of the core."""

    instance: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$", examples=["CORE"])
    area: str = Field(pattern=r"^[0-9a-fA-F.]{2,40}$", examples=["49.0001"])
    level: int = Field(ge=1, le=2)


class Evpn(_Input):
    """BGP between the routers that carry L2VPNs."""

    asn: int = Field(65000, ge=1, le=4294967295)
    reflector_roles: list[Slug] = Field(["p"], max_length=20, description="Roles whose routers reflect routes")


class BootstrapInput(_Input):
    """What NetBox needs before the first order; a scenario file has the same fields."""

    pools: list[Pool] = Field(max_length=1000)
    sites: list[Site] = Field(max_length=10_000)
    isis: Isis
    maintenance_metric: int = Field(ge=1, le=16777214, examples=[15000000])
    evpn: Evpn = Evpn()


class SyncPortsInput(_Input):
    """Which node."""

    node: NodeName


def _known_product(slug: str) -> str:
    if slug not in PRODUCTS:
        raise ValueError(f"there is no product {slug!r}; there are {', '.join(PRODUCTS)}")
    return slug


class SweepInput(_Input):
    """Which subscriptions; all that are in service when nothing is said."""

    product: Annotated[str, Field(max_length=100, examples=["node-frr"]), AfterValidator(_known_product)] | None = None
    customer: Slug | None = None
    shard: int = Field(SHARD, ge=1, le=1000, description="Runs that are under way at a time")


class ValidateAllInput(SweepInput):
    """Which subscriptions, and what is done about drift."""

    resync: Approval | None = Field(
        None, description="Resync afterwards what has drifted: auto, or manual, so that a person approves each"
    )


class AdoptInput(_Input):
    """Which of NetBox's devices and circuits, and for whom. An empty list stands for all."""

    customer: Slug = Field(description="Whose subscriptions they become", examples=["noc"])
    sites: list[Slug] = Field([], max_length=1000, description="Devices at these sites, and circuits that end there")
    roles: list[Slug] = Field([], max_length=1000, description="Devices of these roles, and circuits that end there")
    names: list[Text] = Field([], max_length=1000, description="These devices, and circuits that end on them")
    only: Literal["node", "circuit"] | None = Field(None, description="Only nodes, or only circuits")
    differing: bool = Field(
        False, description="Also what differs on its router, or could not be compared: it is out of sync then"
    )
    devices: bool = Field(True, description="Compare with the routers")
    limit: int = Field(200, ge=1, le=1000, description="How many one run takes over; nodes come first")


@dataclass(frozen=True)
class Task:
    """`playbook` does it; without one it is a sweep. `undo_playbook` takes it back when it fails half-way. `subject`:
    the input field that names the subscription.
    """

    name: str
    description: str
    input: type[BaseModel]
    playbook: str | None = None
    undo_playbook: str | None = None
    subject: str | None = None


TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (
        Task(
            "bootstrap-netbox",
            "Give NetBox the sites, roles, pools and types that orders refer to",
            BootstrapInput,
            playbook="netbox_bootstrap.yml",
        ),
        Task(
            "sync-ports",
            "Document in NetBox the ports that a node reports itself",
            SyncPortsInput,
            playbook="node_sync_ports.yml",
            subject="node",
        ),
        Task(
            "adopt",
            "Make subscriptions of devices and circuits that NetBox has",
            AdoptInput,
            playbook="adopt.yml",
            undo_playbook="adopt_undo.yml",
        ),
        Task("validate-all", "Look for drift of everything that is in service", ValidateAllInput),
        Task("resync-drifted", "Bring back in order what is not as ordered", SweepInput),
    )
}
