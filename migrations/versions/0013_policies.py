"""Policies of approval and failure, and what a run remembers of them.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("products", JSONB(), nullable=False),
        sa.Column("targets", JSONB(), nullable=False),
        sa.Column("customers", JSONB(), nullable=False),
        sa.Column("min_operations", sa.Integer(), nullable=True),
        sa.Column("min_devices", sa.Integer(), nullable=True),
        sa.Column("min_lines", sa.Integer(), nullable=True),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("notify", JSONB(), nullable=False),
        sa.Column("escalate_after_s", sa.Integer(), nullable=True),
        sa.Column("escalate_to", JSONB(), nullable=False),
        sa.Column("expire_after_s", sa.Integer(), nullable=True),
        sa.Column("on_failure", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("name", name=op.f("uq_policies_name")),
    )
    op.add_column("runs", sa.Column("previous_plan", JSONB(), nullable=True))
    op.add_column("runs", sa.Column("decision", JSONB(), nullable=True))
    op.add_column("runs", sa.Column("escalates_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("away_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("runs", sa.Column("cancel_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    # What the older version has no word for: a failed run can be rolled back and retried there, too.
    op.execute("UPDATE runs SET status = 'failed', finished_at = now() WHERE status = 'held'")
    for column in ("cancel_reason", "away_since", "expires_at", "escalates_at", "decision", "previous_plan"):
        op.drop_column("runs", column)
    op.drop_table("policies")
