"""Alembic, configured in code: the migrations lie in PROJECT_DIR/migrations."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

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
    """Bring the database to `revision`. Safe to call from several processes at once, and again."""
    command.upgrade(alembic_config(settings), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to `revision` ("base" removes everything)."""
    command.downgrade(alembic_config(settings), revision)


def pending(settings: Settings) -> bool:
    """Whether the database lacks a migration."""
    head = ScriptDirectory.from_config(alembic_config(settings)).get_current_head()
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() != head
    finally:
        engine.dispose()
