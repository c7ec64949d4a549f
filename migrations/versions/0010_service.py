"""Runs without a subscription (plans, tasks, batches), the history of subscriptions, full-text search.

Revision: 0010
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

revision = "0010"
down_revision = "0004"
branch_labels = None
depends_on = None

# Whatever changes a subscription, a migration or a person at psql included, leaves its trace.
# `trunkline.actor` and `trunkline.run` are set for the transaction: see trunkline/db/history.py.
_HISTORY = """
CREATE FUNCTION trunkline_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_values jsonb := '{}';
    new_values jsonb;
    ignored text[] := ARRAY['id', 'created_at', 'updated_at', 'search', 'touched'];
BEGIN
    new_values := to_jsonb(NEW) - ignored;
    IF TG_OP = 'UPDATE' THEN
        old_values := to_jsonb(OLD) - ignored;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO new_values FROM jsonb_each(new_values)
            WHERE value IS DISTINCT FROM old_values -> key;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO old_values FROM jsonb_each(old_values)
            WHERE new_values ? key;
        IF new_values = '{}' THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO changes (subscription_id, run_id, made_by, before, after) VALUES (
        NEW.id,
        nullif(current_setting('trunkline.run', true), '')::uuid,
        coalesce(nullif(current_setting('trunkline.actor', true), ''), session_user),
        old_values, new_values
    );
    RETURN NULL;
END;
$$;
CREATE TRIGGER trunkline_record_change AFTER INSERT OR UPDATE ON subscriptions
    FOR EACH ROW EXECUTE FUNCTION trunkline_record_change();
"""
_SEARCH = r"""
to_tsvector('simple', regexp_replace(
    description || ' ' || note || ' ' || product_slug || ' '
    || jsonb_path_query_array(block, '$.** ? (@.type() == "string" || @.type() == "number")')::text,
    '[^[:alnum:]]+', ' ', 'g'))
"""


def upgrade() -> None:
    op.alter_column("runs", "subscription_id", nullable=True)
    op.add_column("runs", sa.Column("title", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE runs SET title = description FROM subscriptions WHERE subscriptions.id = subscription_id")
    op.add_column("runs", sa.Column("plan_only", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("runs", sa.Column("skip_devices", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("runs", sa.Column("desired_status", sa.String(length=32), nullable=True))
    op.add_column("runs", sa.Column("order", JSONB(), nullable=True))
    op.add_column("runs", sa.Column("task", sa.String(length=100), nullable=True))
    op.add_column("runs", sa.Column("carried", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("runs", sa.Column("position", sa.Integer(), server_default="0", nullable=False))
    op.add_column("runs", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_runs_parent_id"), "runs", "runs", ["parent_id"], ["id"])
    op.create_index(op.f("ix_runs_parent_id"), "runs", ["parent_id"])
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_changes_subscription_id"), ondelete="CASCADE"
        ),
        # A subscription is stored before the run that makes it.
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_changes_run_id"), deferrable=True, initially="DEFERRED"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_subscription_id_id", "changes", ["subscription_id", "id"])
    op.create_index(op.f("ix_changes_run_id"), "changes", ["run_id"])
    op.execute(_HISTORY)
    op.add_column("subscriptions", sa.Column("search", TSVECTOR(), sa.Computed(_SEARCH, persisted=True), nullable=True))
    op.create_index("ix_subscriptions_search", "subscriptions", ["search"], postgresql_using="gin")
    for column in ("status", "product_slug", "customer_id"):
        op.drop_index(op.f(f"ix_subscriptions_{column}"), "subscriptions")
        op.create_index(f"ix_subscriptions_{column}_created_at_id", "subscriptions", [column, "created_at", "id"])
    for column in ("updated_at", "description"):
        op.create_index(f"ix_subscriptions_{column}_id", "subscriptions", [column, "id"])
    by_name = "ix_subscriptions_product_slug_description_id"
    op.create_index(by_name, "subscriptions", ["product_slug", "description", "id"])


def downgrade() -> None:
    op.drop_index("ix_subscriptions_product_slug_description_id", "subscriptions")
    for column in ("updated_at", "description"):
        op.drop_index(f"ix_subscriptions_{column}_id", "subscriptions")
    for column in ("status", "product_slug", "customer_id"):
        op.drop_index(f"ix_subscriptions_{column}_created_at_id", "subscriptions")
        op.create_index(op.f(f"ix_subscriptions_{column}"), "subscriptions", [column])
    op.drop_index("ix_subscriptions_search", "subscriptions")
    op.drop_column("subscriptions", "search")
    op.execute("DROP TRIGGER trunkline_record_change ON subscriptions")
    op.execute("DROP FUNCTION trunkline_record_change")
    op.drop_table("changes")
    # What the older version has no words for.
    op.execute("UPDATE runs SET retry_of = NULL WHERE retry_of IN (SELECT id FROM runs WHERE subscription_id IS NULL)")
    op.drop_constraint(op.f("fk_runs_parent_id"), "runs")
    op.execute("DELETE FROM runs WHERE subscription_id IS NULL OR plan_only")
    for column in (
        "parent_id",
        "position",
        "carried",
        "task",
        "order",
        "desired_status",
        "skip_devices",
        "plan_only",
        "title",
    ):
        op.drop_column("runs", column)
    op.alter_column("runs", "subscription_id", nullable=False)
