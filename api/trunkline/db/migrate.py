"""Alembic, configured in code: the migrations lie in PROJECT_DIR/migrations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine

from trunkline.catalog import PRODUCTS
from trunkline.db.catalog.apply import settle
from trunkline.db.models import Base
from trunkline.errors import Conflict, NotFound
from trunkline.settings import Settings, SettingsError


def alembic_config(settings: Settings) -> Config:
    """The configuration that every Alembic command takes."""
    if not (settings.migrations / "env.py").is_file():
        raise SettingsError(f"no migrations in {settings.migrations}: set TRUNKLINE_PROJECT_DIR to the checkout")
    config = Config()
    config.set_main_option("script_location", str(settings.migrations).replace("%", "%%"))
    config.attributes["database_url"] = settings.database_url
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to `revision`. Safe to call from several processes at once, and again.

    Raises Conflict when stored data or a run under way stands against it; nothing is changed then.
    """
    config = alembic_config(settings)
    config.attributes["finish"] = _settle_at(head(settings))
    with _refusals():
        command.upgrade(config, revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to `revision` ("base" removes everything)."""
    with _refusals():
        command.downgrade(alembic_config(settings), revision)


def head(settings: Settings) -> str:
    """The last revision. Raises Conflict when two migrations follow the same one."""
    heads = ScriptDirectory.from_config(alembic_config(settings)).get_heads()
    if len(heads) != 1:
        raise Conflict(
            f"migrations/versions has {len(heads)} ends ({', '.join(sorted(heads))}): two follow the same one. Let one "
            "follow the other (down_revision), as after a merge of two branches."
        )
    return heads[0]


def revisions(settings: Settings) -> list[str]:
    """All revisions, the last one first. Raises Conflict when two migrations follow the same one."""
    head(settings)
    return [script.revision for script in ScriptDirectory.from_config(alembic_config(settings)).walk_revisions()]


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """A connection whose transaction is rolled back in the end."""
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def schema_differences(connection: Connection) -> list[object]:
    """What Alembic finds between the tables and trunkline.db.models."""
    options = {
        "include_name": lambda name, *_: not str(name).startswith("procrastinate_"),
        "compare_type": True,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def _settle_at(last: str) -> Callable[[Connection], None]:
    def finish(connection: Connection) -> None:
        # Before the last migration the tables may not be those that the code knows.
        if current(connection) == last:
            settle(connection, PRODUCTS)

    return finish


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        remedy = "`ls migrations/versions` shows the revisions; head and base are the ends"
        raise NotFound(f"{str(error).rstrip('.')}: {remedy}.") from None
