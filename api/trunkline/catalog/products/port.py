"""Port: an interface of a node that is given to a customer."""

from typing import Annotated, Literal

from trunkline.catalog.block import Block, From
from trunkline.catalog.choices import ChosenFrom
from trunkline.catalog.product import Product
from trunkline.catalog.types import Changeable, InterfaceName, Mtu, NodeName, Text


class PortBlock(Block, name="Port"):
    """A customer's interface."""

    node: NodeName
    interface: Annotated[InterfaceName, ChosenFrom("free interfaces", device="node")]
    mode: Literal["untagged", "tagged"] = "untagged"
    label: Annotated[Text | None, Changeable] = None
    mtu: Annotated[Mtu | None, Changeable] = None
    name: From["provisioning", str]
    netbox_interface_id: From["provisioning", int]

    def describe(self) -> str:
        """Where it is."""
        return f"Port {self.node}:{self.interface}"

    def claims(self) -> list[str]:
        """The interface."""
        return [f"interface {self.interface} of {self.node}"]


def _port(speed: str, speed_mbps: int) -> Product:
    return Product(
        slug=f"port-{speed.lower()}",
        name=f"Port {speed}",
        description=f"A {speed} interface for a customer",
        block=PortBlock,
        fixed_inputs={"speed_mbps": speed_mbps},
        provision_playbook="port_provision.yml",
        terminate_playbook="port_terminate.yml",
    )


PRODUCTS = [_port("1G", 1_000), _port("10G", 10_000), _port("100G", 100_000)]
