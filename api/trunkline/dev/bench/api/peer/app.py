"""The Workflow Orchestrator with the products that Trunkline's example network has, as its users would write them.

Usage: `python app.py migrate` (an empty database), then `uvicorn app:app`; `python app.py db|...` is its own command line.
"""

import sys

from orchestrator.core import OrchestratorCore
from orchestrator.core.cli.main import app as command_line
from orchestrator.core.domain import SUBSCRIPTION_MODEL_REGISTRY
from orchestrator.core.domain.base import ProductBlockModel, SubscriptionModel
from orchestrator.core.settings import AppSettings
from orchestrator.core.types import SubscriptionLifecycle

app = OrchestratorCore(base_settings=AppSettings())


class NodeBlockInactive(ProductBlockModel, product_block_name="Node"):
    node_name: str | None = None
    site: str | None = None
    role: str | None = None
    management: str | None = None
    netbox_id: int | None = None
    loopback_ipv4: str | None = None
    loopback_ipv6: str | None = None


class NodeBlock(NodeBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING]):
    node_name: str
    site: str
    role: str
    management: str
    netbox_id: int
    loopback_ipv4: str
    loopback_ipv6: str


class EndpointBlockInactive(ProductBlockModel, product_block_name="Endpoint"):
    node: NodeBlockInactive
    interface: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    netbox_interface_id: int | None = None


class EndpointBlock(
    EndpointBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING]
):
    node: NodeBlock
    interface: str
    ipv4: str
    ipv6: str
    netbox_interface_id: int


class CircuitBlockInactive(ProductBlockModel, product_block_name="Core circuit"):
    a: EndpointBlockInactive
    z: EndpointBlockInactive
    cid: str | None = None
    isis_metric: int | None = None
    under_maintenance: bool | None = None
    netbox_id: int | None = None


class CircuitBlock(CircuitBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING]):
    a: EndpointBlock
    z: EndpointBlock
    cid: str
    isis_metric: int
    under_maintenance: bool
    netbox_id: int


class NodeInactive(SubscriptionModel, is_base=True):
    vendor: str
    node: NodeBlockInactive


class Node(NodeInactive, lifecycle=[SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING]):
    vendor: str
    node: NodeBlock


class CircuitInactive(SubscriptionModel, is_base=True):
    speed_mbps: int
    circuit: CircuitBlockInactive


class Circuit(CircuitInactive, lifecycle=[SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING]):
    speed_mbps: int
    circuit: CircuitBlock


SUBSCRIPTION_MODEL_REGISTRY.update({"Node FRR": Node, "Core circuit 10G": Circuit})
app.register_graphql()


def migrate() -> None:
    """Make the schema, but for the tables of the search by language model: they need the extension pgvector, and
    nothing that is measured reads them.
    """
    from alembic import command
    from alembic.config import Config
    from orchestrator.core.cli import database

    database.init()
    for step, revision in (
        (command.upgrade, "fbc16e410bc6"),
        (command.stamp, "262744958e0c"),
        (command.upgrade, "f4a7c9e21b08"),
        (command.stamp, "heads"),
    ):
        config: Config = database.alembic_cfg()
        step(config, revision)


if __name__ == "__main__":
    if sys.argv[1:] == ["migrate"]:
        migrate()
    else:
        command_line()
