"""add node sr linux.

Revision: 0011
Follows: 0010
"""

from trunkline.db import catalog
from trunkline.db.catalog import Change, CreateProduct

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CHANGES: list[Change] = [
    CreateProduct(
        "node-srlinux",
        "Node SR Linux",
        "A Nokia 7220 IXR-D2L that runs SR Linux",
        "Node",
        fixed_inputs={"vendor": "Nokia", "device_type": "nokia-7220-ixr-d2l", "platform": "nokia-srlinux"},
    ),
]


def upgrade() -> None:
    catalog.upgrade(CHANGES, revision)


def downgrade() -> None:
    catalog.downgrade(CHANGES, revision)
