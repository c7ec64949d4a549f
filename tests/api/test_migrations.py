"""The schema: what the migrations make is what the code expects, and they go both ways."""

import pytest
import sqlalchemy as sa

from tests.databases import empty_database
from trunkline.db.migrate import current, downgrade, head, upgrade
from trunkline.db.revision import disagreements
from trunkline.dev.state import State
from trunkline.settings import Settings


@pytest.fixture(scope="module")
def settings(postgres: State) -> Settings:
    """Settings that name an empty database."""
    return Settings(database_url=empty_database(postgres))


def test_migrations_make_what_the_models_say_and_go_back(settings: Settings) -> None:
    upgrade(settings)
    assert disagreements(settings) == []
    engine = sa.create_engine(settings.database_url)
    with engine.connect() as connection:
        assert current(connection) == head(settings)
    downgrade(settings, "base")
    with engine.connect() as connection:
        left = connection.execute(sa.text("SELECT relname FROM pg_class WHERE relname LIKE 'procrastinate%'")).all()
        functions = connection.execute(sa.text("SELECT proname FROM pg_proc WHERE proname ~ '^(procr|trunk)'")).all()
    assert left == []
    assert functions == []
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(settings)
    upgrade(settings)
    engine.dispose()
