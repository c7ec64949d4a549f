"""Run by Alembic for every command; `trunkline.db.migrate` configures it."""

from alembic import context
from sqlalchemy import create_engine, text

from trunkline.db.models import Base

# Any constant does, as long as nobody else uses it: two upgrades at once then take turns.
_UPGRADE_LOCK = 7_265_001


def _include(name: str | None, type_: str, _parents: object) -> bool:
    return not (type_ == "table" and name is not None and name.startswith("procrastinate_"))


def _run() -> None:
    engine = create_engine(context.config.attributes["database_url"])
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection, target_metadata=Base.metadata, include_name=_include, compare_type=True
            )
            with context.begin_transaction():
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
                context.run_migrations()
                finish = context.config.attributes.get("finish")
                if finish is not None:
                    finish(connection)
    finally:
        engine.dispose()


_run()
