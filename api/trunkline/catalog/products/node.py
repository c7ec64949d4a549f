"""Node: a router with a loopback in the core's routing instance."""

from ipaddress import IPv4Interface, IPv6Interface
from typing import Annotated

from trunkline.catalog.block import Block, From
from trunkline.catalog.choices import ChosenFrom
from trunkline.catalog.product import Product
from trunkline.catalog.types import Changeable, Hostname, ManagementAddress, Slug


class NodeBlock(Block, name="Node"):
    """A router."""

    name: Hostname
    site: Annotated[Slug, ChosenFrom("sites"), Changeable]
    role: Annotated[Slug, ChosenFrom("roles"), Changeable]
    management: ManagementAddress
    netbox_id: From["provisioning", int]
    loopback_ipv4: From["provisioning", IPv4Interface]
    loopback_ipv6: From["provisioning", IPv6Interface]

    def describe(self) -> str:
        """Name and site."""
        return f"Node {self.name} at {self.site}"

    def claims(self) -> list[str]:
        """Its name and its address."""
        return [f"node name {self.name}", f"management address {self.management.ip}"]


NODE_FRR = Product(
    slug="node-frr",
    name="Node FRR",
    description="A router that runs FRRouting",
    block=NodeBlock,
    fixed_inputs={"vendor": "FRR", "device_type": "frr-router", "platform": "frr"},
    provision_playbook="node_provision.yml",
    terminate_playbook="node_terminate.yml",
)

NODE_SRLINUX = Product(
    slug="node-srlinux",
    name="Node SR Linux",
    description="A Nokia 7220 IXR-D2L that runs SR Linux",
    block=NodeBlock,
    fixed_inputs={"vendor": "Nokia", "device_type": "nokia-7220-ixr-d2l", "platform": "nokia-srlinux"},
    provision_playbook="node_provision.yml",
    terminate_playbook="node_terminate.yml",
)

PRODUCTS = [NODE_FRR, NODE_SRLINUX]
