"""The schema: what the migrations make is what the code expects, and they go both ways."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from trunkline.catalog import PRODUCTS
from trunkline.db.migrate import downgrade, pending, upgrade
from trunkline.db.models import Base, ProductRow
from trunkline.settings import Settings


@pytest.fixture(scope="module")
def settings(database_url: str) -> Settings:
    """Settings that name an empty database."""
    return Settings(database_url=database_url)


def test_migrations_make_what_the_models_say_and_go_back(settings: Settings) -> None:
    upgrade(settings)
    engine = sa.create_engine(settings.database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_: not str(name).startswith("procrastinate_"), "compare_type": True},
        )
        assert compare_metadata(context, Base.metadata) == []
    assert not pending(settings)
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


def test_the_catalogue_and_the_database_agree(settings: Settings) -> None:
    upgrade(settings)
    engine = sa.create_engine(settings.database_url)
    with engine.connect() as connection:
        rows = {row.slug: row for row in connection.execute(sa.select(ProductRow.__table__))}
    engine.dispose()
    assert set(rows) == set(PRODUCTS)
    for slug, product in PRODUCTS.items():
        row = rows[slug]
        assert (row.name, row.description, row.block) == (product.name, product.description, product.block.block_name)
        assert row.fixed_inputs == dict(product.fixed_inputs)
