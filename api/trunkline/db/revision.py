"""Compare code, database and migrations, and write the migration that is missing."""

from dataclasses import dataclass, field
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from trunkline.catalog import PRODUCTS
from trunkline.db.catalog.apply import try_out
from trunkline.db.catalog.compare import Answers, compare
from trunkline.db.catalog.script import write
from trunkline.db.catalog.state import defaults_of, of_code
from trunkline.db.catalog.stored import read_catalogue
from trunkline.db.migrate import connected, head, schema_differences
from trunkline.errors import Conflict
from trunkline.settings import Settings


@dataclass(frozen=True)
class Revision:
    """What `revise` found and wrote."""

    changes: list[str]
    undecided: list[str]
    path: Path | None = None


@dataclass(frozen=True)
class Decisions:
    """What a person has said about what is gone and what is new; trunkline.db.catalog.compare says how."""

    renames: list[str] = field(default_factory=list)
    removals: list[str] = field(default_factory=list)
    defaults: dict[str, object] = field(default_factory=dict)


def revise(settings: Settings, message: str, decisions: Decisions, *, dry_run: bool = False) -> Revision:
    """Write the migration that leads from the database to the catalogue in code, tried out both ways on the database.

    Nothing is written with `dry_run`, without a difference, or while a rename is undecided. Raises Conflict and
    Invalid naming what stands against it.
    """
    last = head(settings)
    with connected(settings) as connection:
        _must_be_at(connection, last)
        answers = Answers(frozenset(decisions.renames), frozenset(decisions.removals), dict(decisions.defaults))
        found = compare(read_catalogue(connection), of_code(PRODUCTS), defaults_of(PRODUCTS), answers)
        told = Revision([str(change) for change in found.changes], [str(rename) for rename in found.undecided])
        if not found.changes or found.undecided:
            return told
        try_out(connection, found.changes, PRODUCTS)
    if dry_run:
        return told
    path = write(settings.migrations / "versions", message, last, found.changes)
    return Revision(told.changes, [], path)


def disagreements(settings: Settings) -> list[str]:
    """How code, database and migrations differ, each with the remedy; empty: they agree."""
    last = head(settings)
    with connected(settings) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current != last:
            return [f"the database is at {current or 'nothing'}, the migrations at {last}: trunkline db upgrade"]
        found = [f"table definitions differ: {item}" for item in schema_differences(connection)]
        comparison = compare(
            read_catalogue(connection),
            of_code(PRODUCTS),
            defaults_of(PRODUCTS),
            Answers(),
        )
        found += [f"{change}: trunkline db revision" for change in comparison.changes]
        due = connection.execute(text("SELECT slug FROM products WHERE rewritten ORDER BY slug")).scalars()
        found += [f"subscriptions of {slug} were rewritten by another version: trunkline db upgrade" for slug in due]
        return found


def _must_be_at(connection: Connection, last: str) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current != last:
        raise Conflict(
            f"The database is at {current or 'nothing'}, the migrations at {last}: run `trunkline db upgrade` first, "
            "so that only what is new is written."
        )
