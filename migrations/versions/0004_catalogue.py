"""The catalogue: blocks and their fields, customers of a product, values kept for a downgrade.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from trunkline.db import catalog
from trunkline.db.catalog import Change, CreateBlock

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHANGES: list[Change] = [
    CreateBlock(
        "Node",
        {
            "name": {"type": "string"},
            "site": {"type": "string"},
            "role": {"type": "string"},
            "management": {"type": "ipv4interface | ipv6interface"},
            "netbox_id": {"type": "integer", "since": "provisioning"},
            "loopback_ipv4": {"type": "ipv4interface", "since": "provisioning"},
            "loopback_ipv6": {"type": "ipv6interface", "since": "provisioning"},
        },
    ),
    CreateBlock(
        "Endpoint",
        {
            "node": {"type": "string", "uses": "Node.name"},
            "interface": {"type": "string"},
            "ipv4": {"type": "ipv4interface", "since": "provisioning"},
            "ipv6": {"type": "ipv6interface", "since": "provisioning"},
            "netbox_interface_id": {"type": "integer", "since": "provisioning"},
        },
    ),
    CreateBlock(
        "Core circuit",
        {
            "a": {"type": "Endpoint", "holds": "block"},
            "z": {"type": "Endpoint", "holds": "block"},
            "isis_metric": {"type": "integer"},
            "under_maintenance": {"type": "boolean"},
            "netbox_id": {"type": "integer", "since": "provisioning"},
            "cid": {"type": "string", "since": "provisioning"},
        },
    ),
]


def upgrade() -> None:
    op.create_table(
        "product_blocks",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("fields", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_product_blocks")),
    )
    op.create_table(
        "removed_values",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removed_values")),
    )
    op.create_index("ix_removed_values_revision_field", "removed_values", ["revision", "field"])
    op.add_column("products", sa.Column("customers", JSONB(), server_default="[]", nullable=False))
    op.add_column("products", sa.Column("rewritten", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("products", "block", nullable=True)
    op.drop_constraint(op.f("uq_products_name"), "products")
    op.create_index(
        "uq_products_name", "products", ["name"], unique=True, postgresql_where=sa.text("status <> 'removed'")
    )
    catalog.upgrade(CHANGES, revision)
    op.create_foreign_key(
        op.f("fk_products_block"), "products", "product_blocks", ["block"], ["name"], onupdate="CASCADE"
    )
    _slugs("CASCADE")


def downgrade() -> None:
    _slugs(None)
    op.drop_constraint(op.f("fk_products_block"), "products")
    op.drop_index("uq_products_name", "products")
    op.execute("UPDATE products SET name = name || ' (' || slug || ')', block = '' WHERE status = 'removed'")
    op.create_unique_constraint(op.f("uq_products_name"), "products", ["name"])
    op.alter_column("products", "block", nullable=False)
    op.drop_column("products", "rewritten")
    op.drop_column("products", "customers")
    op.drop_table("removed_values")
    op.drop_table("product_blocks")


def _slugs(onupdate: str | None) -> None:
    name = op.f("fk_subscriptions_product_slug")
    op.drop_constraint(name, "subscriptions")
    op.create_foreign_key(name, "subscriptions", "products", ["product_slug"], ["slug"], onupdate=onupdate)
