"""The job queue: procrastinate 3.10's schema, and a notice when a lock is released.

The schema is a frozen copy (MIT, procrastinate contributors): a later procrastinate brings its own changes, which get
a migration of their own.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A job that waits for another's lock is not announced when the lock is released, nor is one that is put back: a worker
# would notice at its next poll only, seconds later.
_NOTICE = """
CREATE FUNCTION trunkline_notify_released_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payload text := json_build_object('type', 'job_inserted', 'job_id', OLD.id)::text;
BEGIN
    PERFORM pg_notify('procrastinate_queue_v1#' || OLD.queue_name, payload);
    PERFORM pg_notify('procrastinate_any_queue_v1', payload);
    RETURN NULL;
END;
$$;
CREATE TRIGGER trunkline_released_update AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.status <> 'doing' OR OLD.status <> 'todo' AND NEW.status = 'todo')
    EXECUTE FUNCTION trunkline_notify_released_job();
CREATE TRIGGER trunkline_released_delete AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.lock IS NOT NULL) EXECUTE FUNCTION trunkline_notify_released_job();
"""

_DROP = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' OR proname = 'trunkline_notify_released_job'
    LOOP
        EXECUTE 'DROP FUNCTION ' || found.name || ' CASCADE';
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""


def _execute(script: str) -> None:
    # Several statements in one string: only the driver's own connection takes them, and only without parameters.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(script)


def upgrade() -> None:
    schema = (Path(__file__).parent / "procrastinate_3_10.sql").read_text(encoding="utf-8")
    _execute(schema)
    _execute(_NOTICE)


def downgrade() -> None:
    _execute(_DROP)
