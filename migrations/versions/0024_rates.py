"""How many requests each caller may still send, to all processes together.

Revision: 0024
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0014"
branch_labels = None
depends_on = None

# As many of the wanted ones as the bucket has by now; one that is not on record is full. One caller at a time.
_TAKE = """
CREATE FUNCTION trunkline_take_requests(caller text, most integer, wanted integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    there double precision;
    taken integer;
BEGIN
    INSERT INTO request_rates (who, remaining) VALUES (caller, most) ON CONFLICT DO NOTHING;
    SELECT least(most, remaining + extract(epoch FROM clock_timestamp() - since) * most / 60) INTO there
        FROM request_rates WHERE who = caller FOR UPDATE;
    taken := least(wanted, floor(coalesce(there, most)));
    UPDATE request_rates SET remaining = there - taken, since = clock_timestamp() WHERE who = caller;
    RETURN taken;
END;
$$
"""


def upgrade() -> None:
    op.create_table(
        "request_rates",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("remaining", sa.Double(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_request_rates")),
        # A crash of PostgreSQL empties it, and all buckets are full: not worth a write to disk a handful.
        prefixes=["UNLOGGED"],
    )
    op.execute(_TAKE)


def downgrade() -> None:
    op.execute("DROP FUNCTION trunkline_take_requests")
    op.drop_table("request_rates")
