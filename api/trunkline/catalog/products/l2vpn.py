"""L2VPN: an Ethernet segment between ports, of two ends or of many."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from trunkline.catalog.block import Block, From
from trunkline.catalog.product import Product
from trunkline.catalog.types import Changeable, PortName, Text, VlanId


class AccessPointBlock(Block, name="Access point"):
    """Where an L2VPN begins: a port, and the VLAN on one that takes tagged frames."""

    port: PortName
    vlan: VlanId | None = None


class L2vpnBlock(Block, name="L2VPN"):
    """An L2VPN between any number of ports."""

    saps: Annotated[list[AccessPointBlock], Field(min_length=2, max_length=500), Changeable]
    label: Annotated[Text | None, Changeable] = None
    name: From["provisioning", str]
    netbox_id: From["provisioning", int]
    vni: From["provisioning", int]

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        if len(set(self.claims())) < len(self.saps):
            raise ValueError("saps: two of them are the same")
        return self

    def describe(self) -> str:
        """Its ends."""
        return "L2VPN " + " - ".join(sap.port + (f" VLAN {sap.vlan}" if sap.vlan else "") for sap in self.saps)

    def claims(self) -> list[str]:
        """Its place on each port."""
        return [f"VLAN {sap.vlan} of port {sap.port}" if sap.vlan else f"port {sap.port}" for sap in self.saps]


class PointToPointBlock(L2vpnBlock, name="L2VPN point-to-point"):
    """An L2VPN between two ports."""

    saps: Annotated[list[AccessPointBlock], Field(min_length=2, max_length=2), Changeable]


def _l2vpn(kind: str, block: type[L2vpnBlock], description: str) -> Product:
    return Product(
        slug=f"l2vpn-{kind}",
        name=f"L2VPN {kind}",
        description=description,
        block=block,
        fixed_inputs={},
        provision_playbook="l2vpn_provision.yml",
        terminate_playbook="l2vpn_terminate.yml",
    )


PRODUCTS = [
    _l2vpn("point-to-point", PointToPointBlock, "Ethernet between two ports"),
    _l2vpn("multipoint", L2vpnBlock, "Ethernet between many ports"),
]
