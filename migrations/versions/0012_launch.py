"""The name under which a stage's launch is found again.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("launch", sa.String(length=100), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "launch")
