"""Which tables a backup has, in an order in which they can be filled."""

from dataclasses import dataclass

from sqlalchemy import Connection, MetaData

# The queue is rebuilt from the runs (trunkline.runs.sweep); who was logged in logs in again; rates are of a minute.
_LEFT_OUT = ("alembic_version", "sessions", "request_rates")
_QUEUE = "procrastinate_"


@dataclass(frozen=True)
class Stored:
    """A table, with the columns that are stored (others are computed), and the column that a sequence fills."""

    name: str
    columns: tuple[str, ...]
    counted: str | None


def tables(connection: Connection) -> list[Stored]:
    """The tables as the database has them, each after those that it refers to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name not in _LEFT_OUT and not name.startswith(_QUEUE))
    return [
        Stored(
            table.name,
            tuple(column.name for column in table.columns if column.computed is None),
            next(
                (
                    column.name
                    for column in table.columns
                    if "nextval" in str(getattr(column.server_default, "arg", ""))
                ),
                None,
            ),
        )
        for table in found.sorted_tables
    ]
