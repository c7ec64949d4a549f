"""Schedules with those that every network wants, sweeps over subscriptions, notifications, measurements.

Revision: 0015
Follows: 0016
"""

import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None

_NIGHTLY = {
    "id": uuid.UUID("00000000-0000-4000-8000-000000000015"),
    "name": "nightly-validation",
    "task": "validate-all",
    "input": {},
    "approval": "auto",
    "cron": "30 2 * * *",
    "timezone": "UTC",
    "created_by": "trunkline",
}
_OF_POLICIES = {
    "id": uuid.UUID("00000000-0000-4000-8000-000000000016"),
    "name": "approval-policies",
    "kind": "email",
    "events": [],
    "shown": "whom the policies name",
    "created_by": "trunkline",
}
# Neither secrets nor what the clock does by itself.
_AUDITED_WITHOUT = {"schedules": "id,next_at,last_at,last_run_id,last_error", "notifications": "id,sealed"}


def upgrade() -> None:
    now = sa.text("now()")
    schedules = op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("task", sa.String(length=100), nullable=False),
        sa.Column("input", JSONB(), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("cron", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["last_run_id"], ["runs.id"], name=op.f("fk_schedules_last_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_schedules_name")),
    )
    op.create_index("ix_schedules_next_at", "schedules", ["next_at"], postgresql_where=sa.text("NOT paused"))
    # The next half past two, in UTC.
    due = sa.text(
        "(date_trunc('day', now() AT TIME ZONE 'UTC' - interval '150 minutes')"
        " + interval '1 day 150 minutes') AT TIME ZONE 'UTC'"
    )
    op.execute(schedules.insert().values(**_NIGHTLY, next_at=due))
    op.create_table(
        "sweeps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=True),
        sa.Column("seen_all", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("started", sa.Integer(), server_default="0", nullable=False),
        sa.Column("busy", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_sweeps_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_sweeps")),
    )
    notifications = op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("events", JSONB(), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=True),
        sa.Column("customer", sa.String(length=100), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("recipients", JSONB(), server_default="[]", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("name", name=op.f("uq_notifications_name")),
    )
    op.execute(notifications.insert().values(**_OF_POLICIES))
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("recipients", JSONB(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name=op.f("fk_deliveries_notification_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_deliveries_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_run_id"), "deliveries", ["run_id"])
    op.create_index(
        "ix_deliveries_notification_id_created_at_id", "deliveries", ["notification_id", "created_at", "id"]
    )
    op.create_index(
        "ix_deliveries_next_attempt_at",
        "deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "measurements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_measurements_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurements")),
    )
    op.create_index(op.f("ix_measurements_run_id"), "measurements", ["run_id"])
    for table, columns in _AUDITED_WITHOUT.items():
        op.execute(
            f"CREATE TRIGGER trunkline_audit AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trunkline_audit('without', '{columns}')"
        )


def downgrade() -> None:
    for table in ("measurements", "deliveries", "notifications", "sweeps", "schedules"):
        op.drop_table(table)
