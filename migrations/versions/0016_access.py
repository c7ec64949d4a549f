"""Scopes and expiry of tokens, sessions of browsers, the audit trail.

Revision: 0016
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None

# Whatever changes a table with this trigger is on record: the application, a migration, a person at psql. Its arguments
# are 'only' or 'without' and names of columns: secrets are not recorded, nor what is no change. Who does it is set
# for the transaction: see trunkline/access/audit.py and trunkline/db/history.py.
_AUDIT = """
CREATE FUNCTION trunkline_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    columns text[] := string_to_array(TG_ARGV[1], ',');
    old_row jsonb := '{}';
    new_row jsonb := '{}';
    old_values jsonb;
    new_values jsonb;
    run text := current_setting('trunkline.run', true);
BEGIN
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW); END IF;
    IF TG_ARGV[0] = 'only' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO old_values FROM jsonb_each(old_row)
            WHERE key = ANY (columns);
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO new_values FROM jsonb_each(new_row)
            WHERE key = ANY (columns);
    ELSE
        old_values := old_row - columns;
        new_values := new_row - columns;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO new_values FROM jsonb_each(new_values)
            WHERE value IS DISTINCT FROM old_values -> key;
        IF new_values = '{}' THEN RETURN NULL; END IF;
        SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO old_values FROM jsonb_each(old_values)
            WHERE new_values ? key;
    END IF;
    IF TG_TABLE_NAME = 'runs' THEN run := coalesce(new_row ->> 'id', old_row ->> 'id'); END IF;
    INSERT INTO audit (actor, via, address, action, kind, object_id, run_id, before, after) VALUES (
        coalesce(nullif(current_setting('trunkline.actor', true), ''), session_user),
        coalesce(current_setting('trunkline.via', true), ''),
        coalesce(current_setting('trunkline.address', true), ''),
        CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
        TG_TABLE_NAME, coalesce(new_row ->> 'id', old_row ->> 'id', ''), nullif(run, '')::uuid, old_values, new_values
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION trunkline_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END;
$$;
CREATE TRIGGER trunkline_audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION trunkline_audit_stays();
"""
_AUDITED = {
    "tokens": "id,digest,last_used_at",
    "sessions": "id,digest,csrf",
    "customers": "id",
    "policies": "id",
    "subscriptions": "id,created_at,updated_at,search,touched",
}
_RUN_COLUMNS = (
    "title,target,status,approval,task,plan_only,skip_devices,created_by,approved_by,cancel_requested_by,cancel_reason"
)
_ON_RUNS = """
CREATE TRIGGER trunkline_audit_new AFTER INSERT ON runs
    FOR EACH ROW EXECUTE FUNCTION trunkline_audit('only', '{columns}');
CREATE TRIGGER trunkline_audit AFTER UPDATE OF status, approved_by, cancel_requested_by ON runs FOR EACH ROW
    WHEN (OLD.approved_by IS DISTINCT FROM NEW.approved_by
          OR OLD.cancel_requested_by IS DISTINCT FROM NEW.cancel_requested_by
          OR (OLD.status <> NEW.status AND NEW.status IN ('completed', 'failed', 'rolled-back', 'cancelled', 'held')))
    EXECUTE FUNCTION trunkline_audit('only', '{columns}');
"""


def upgrade() -> None:
    # Tokens that are there could do everything: they keep that. New ones say what they may.
    op.add_column("tokens", sa.Column("scopes", JSONB(), server_default='["admin"]', nullable=False))
    op.alter_column("tokens", "scopes", server_default="[]")
    op.add_column("tokens", sa.Column("created_by", sa.String(length=100), server_default="", nullable=False))
    op.add_column("tokens", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_sessions_token_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("via", sa.String(length=100), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at_id", "audit", ["at", "id"])
    op.create_index("ix_audit_kind_object_id", "audit", ["kind", "object_id"])
    op.create_index("ix_audit_actor_at", "audit", ["actor", "at"])
    op.execute(_AUDIT)
    for table, columns in _AUDITED.items():
        op.execute(
            f"CREATE TRIGGER trunkline_audit AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trunkline_audit('without', '{columns}')"
        )
    op.execute(_ON_RUNS.format(columns=_RUN_COLUMNS))


def downgrade() -> None:
    for name in ("trunkline_audit", "trunkline_audit_new"):
        op.execute(f"DROP TRIGGER {name} ON runs")
    for table in _AUDITED:
        op.execute(f"DROP TRIGGER trunkline_audit ON {table}")
    op.drop_table("audit")
    op.execute("DROP FUNCTION trunkline_audit_stays")
    op.execute("DROP FUNCTION trunkline_audit")
    op.drop_table("sessions")
    for column in ("expires_at", "created_by", "scopes"):
        op.drop_column("tokens", column)
