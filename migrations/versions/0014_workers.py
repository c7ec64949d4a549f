"""Who works, which jobs a worker takes, and which events are stored.

Revision: 0014
Follows: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0020"
branch_labels = None
depends_on = None

# One job for this worker; none while the database is not at the worker's own migration, while `most` jobs are at work
# (of all workers together; null: no limit), and none that newer code has queued (its version is in the queue's name).
_FETCH = """
CREATE FUNCTION trunkline_fetch_job(worker bigint, code integer[], revision varchar, most integer)
RETURNS procrastinate_jobs LANGUAGE plpgsql AS $$
DECLARE
    nothing procrastinate_jobs;
    queues varchar[];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM alembic_version WHERE version_num = revision) THEN
        RETURN nothing;
    END IF;
    IF most IS NOT NULL THEN
        -- One worker at a time: each sees what the one before has taken. Released when the transaction ends.
        PERFORM pg_advisory_xact_lock(hashtext('trunkline_fetch_job'));
        IF (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') >= most THEN
            RETURN nothing;
        END IF;
    END IF;
    SELECT array_agg(DISTINCT queue_name) INTO queues FROM procrastinate_jobs
        WHERE status = 'todo' AND string_to_array(split_part(queue_name, '-', 2), '.')::integer[] <= code;
    IF queues IS NULL THEN
        RETURN nothing;
    END IF;
    RETURN procrastinate_fetch_job_v2(queues, worker);
END;
$$
"""


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_heartbeat", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        # Named like the table that it refers to: both are procrastinate's, and no affair of the models.
        sa.ForeignKeyConstraint(["id"], ["procrastinate_workers.id"], name="procrastinate_worker", ondelete="CASCADE"),
    )
    op.execute(_FETCH)
    op.add_column("runs", sa.Column("recorded", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("runs", "recorded")
    op.execute("DROP FUNCTION trunkline_fetch_job")
    op.drop_table("workers")
