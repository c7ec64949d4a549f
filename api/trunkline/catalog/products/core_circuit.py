"""Core circuit: a link between interfaces of two nodes that carries the core's routing."""

from ipaddress import IPv4Interface, IPv6Interface
from typing import Annotated, Self

from pydantic import model_validator

from trunkline.catalog.block import Block, From
from trunkline.catalog.choices import ChosenFrom
from trunkline.catalog.product import Product
from trunkline.catalog.types import Changeable, InterfaceName, IsisMetric, NodeName


class EndpointBlock(Block, name="Endpoint"):
    """One end of a circuit."""

    node: NodeName
    interface: Annotated[InterfaceName, ChosenFrom("free interfaces", device="node")]
    ipv4: From["provisioning", IPv4Interface]
    ipv6: From["provisioning", IPv6Interface]
    netbox_interface_id: From["provisioning", int]


class CoreCircuitBlock(Block, name="Core circuit"):
    """A circuit between two nodes."""

    a: EndpointBlock
    z: EndpointBlock
    isis_metric: Annotated[IsisMetric, Changeable] = 10
    under_maintenance: Annotated[bool, Changeable] = False
    netbox_id: From["provisioning", int]
    cid: From["provisioning", str]

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        if self.a.node == self.z.node:
            raise ValueError(f"a and z are both on {self.a.node}: a core circuit joins two nodes")
        return self

    def describe(self) -> str:
        """Both ends."""
        return f"Core circuit {self.a.node}:{self.a.interface} - {self.z.node}:{self.z.interface}"

    def claims(self) -> list[str]:
        """Both interfaces."""
        return [f"interface {end.interface} of {end.node}" for end in (self.a, self.z)]


def _core_circuit(speed: str, speed_mbps: int) -> Product:
    return Product(
        slug=f"core-circuit-{speed.lower()}",
        name=f"Core circuit {speed}",
        description=f"A {speed} link between two nodes that carries IS-IS",
        block=CoreCircuitBlock,
        fixed_inputs={"speed_mbps": speed_mbps},
        provision_playbook="circuit_provision.yml",
        terminate_playbook="circuit_terminate.yml",
    )


CORE_CIRCUIT_10G = _core_circuit("10G", 10_000)
CORE_CIRCUIT_100G = _core_circuit("100G", 100_000)

PRODUCTS = [CORE_CIRCUIT_10G, CORE_CIRCUIT_100G]
