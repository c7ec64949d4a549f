"""The product Node SR Linux.

Revision: 0004_node_srlinux
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004_node_srlinux"
down_revision = "0003"
branch_labels = None
depends_on = None

_PRODUCTS = sa.table(
    "products",
    sa.column("slug", sa.String),
    sa.column("name", sa.String),
    sa.column("description", sa.Text),
    sa.column("block", sa.String),
    sa.column("fixed_inputs", JSONB),
)
_ROW: dict[str, object] = {
    "slug": "node-srlinux",
    "name": "Node SR Linux",
    "description": "A Nokia 7220 IXR-D2L that runs SR Linux",
    "block": "Node",
    "fixed_inputs": {"vendor": "Nokia", "device_type": "nokia-7220-ixr-d2l", "platform": "nokia-srlinux"},
}


def upgrade() -> None:
    op.bulk_insert(_PRODUCTS, [_ROW])


def downgrade() -> None:
    op.execute(_PRODUCTS.delete().where(_PRODUCTS.c.slug == _ROW["slug"]))
