"""add ports and L2VPNs.

Revision: 0020
Follows: 0015
"""

from trunkline.db import catalog
from trunkline.db.catalog import Change, CreateBlock, CreateProduct

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None

CHANGES: list[Change] = [
    CreateBlock(
        "Access point",
        {"port": {"type": "string", "uses": "Port.name"}, "vlan": {"type": "integer", "optional": True}},
    ),
    CreateBlock(
        "L2VPN",
        {
            "saps": {"type": "Access point", "holds": "blocks"},
            "label": {"type": "string", "optional": True},
            "name": {"type": "string", "since": "provisioning"},
            "netbox_id": {"type": "integer", "since": "provisioning"},
            "vni": {"type": "integer", "since": "provisioning"},
        },
    ),
    CreateBlock(
        "L2VPN point-to-point",
        {
            "saps": {"type": "Access point", "holds": "blocks"},
            "label": {"type": "string", "optional": True},
            "name": {"type": "string", "since": "provisioning"},
            "netbox_id": {"type": "integer", "since": "provisioning"},
            "vni": {"type": "integer", "since": "provisioning"},
        },
    ),
    CreateBlock(
        "Port",
        {
            "node": {"type": "string", "uses": "Node.name"},
            "interface": {"type": "string"},
            "mode": {"type": "string"},
            "label": {"type": "string", "optional": True},
            "mtu": {"type": "integer", "optional": True},
            "name": {"type": "string", "since": "provisioning"},
            "netbox_interface_id": {"type": "integer", "since": "provisioning"},
        },
    ),
    CreateProduct("l2vpn-point-to-point", "L2VPN point-to-point", "Ethernet between two ports", "L2VPN point-to-point"),
    CreateProduct("l2vpn-multipoint", "L2VPN multipoint", "Ethernet between many ports", "L2VPN"),
    CreateProduct("port-1g", "Port 1G", "A 1G interface for a customer", "Port", fixed_inputs={"speed_mbps": 1000}),
    CreateProduct("port-10g", "Port 10G", "A 10G interface for a customer", "Port", fixed_inputs={"speed_mbps": 10000}),
    CreateProduct(
        "port-100g",
        "Port 100G",
        "A 100G interface for a customer",
        "Port",
        fixed_inputs={"speed_mbps": 100000},
    ),
]


def upgrade() -> None:
    catalog.upgrade(CHANGES, revision)


def downgrade() -> None:
    catalog.downgrade(CHANGES, revision)
