"""The first products: Node FRR, Core circuit 10G and 100G.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
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
_ROWS: list[dict[str, object]] = [
    {
        "slug": "node-frr",
        "name": "Node FRR",
        "description": "A router that runs FRRouting",
        "block": "Node",
        "fixed_inputs": {"vendor": "FRR", "device_type": "frr-router", "platform": "frr"},
    },
    {
        "slug": "core-circuit-10g",
        "name": "Core circuit 10G",
        "description": "A 10G link between two nodes that carries IS-IS",
        "block": "Core circuit",
        "fixed_inputs": {"speed_mbps": 10_000},
    },
    {
        "slug": "core-circuit-100g",
        "name": "Core circuit 100G",
        "description": "A 100G link between two nodes that carries IS-IS",
        "block": "Core circuit",
        "fixed_inputs": {"speed_mbps": 100_000},
    },
]


def upgrade() -> None:
    op.bulk_insert(_PRODUCTS, _ROWS)


def downgrade() -> None:
    op.execute(_PRODUCTS.delete().where(_PRODUCTS.c.slug.in_([row["slug"] for row in _ROWS])))
