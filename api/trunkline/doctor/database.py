"""The database: reachable, recent, migrated, with a worker."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from trunkline.db.migrate import current, head
from trunkline.doctor.check import Check, clocks
from trunkline.settings import Settings

_OLDEST = 150000


def database(settings: Settings) -> Iterator[Check]:
    """What the service needs of PostgreSQL."""
    engine = create_engine(settings.database_url, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            yield from _server(connection)
            found, wanted = current(connection), head(settings)
            if found != wanted:
                yield Check("schema", "wrong", f"at {found}, the code is at {wanted}", "trunkline db upgrade")
                return
            yield Check("schema", "ok", f"at {found}")
            yield from _work(connection, settings)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        yield Check("database", "wrong", reason, "start PostgreSQL, and check TRUNKLINE_DATABASE_URL")
    finally:
        engine.dispose()


def _server(connection: Connection) -> Iterator[Check]:
    number = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    shown = connection.exec_driver_sql("SHOW server_version").scalar_one()
    state, remedy = ("ok", "") if number >= _OLDEST else ("wrong", "upgrade PostgreSQL to 15 or newer")
    yield Check("PostgreSQL", state, shown, remedy)  # type: ignore[arg-type]  # one of the words
    moment = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    yield clocks("PostgreSQL", moment, datetime.now(UTC))
    if connection.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").scalar_one():
        remedy = "give the service a role of its own that owns its database and nothing else"
        yield Check("role", "warning", "the service is a superuser of PostgreSQL", remedy)
    else:
        yield Check("role", "ok", "no superuser")


def _work(connection: Connection, settings: Settings) -> Iterator[Check]:
    since = {"seconds": settings.stalled_after_s}
    live = "last_heartbeat > now() - make_interval(secs => :seconds)"
    workers = connection.execute(text(f"SELECT count(*) FROM procrastinate_workers WHERE {live}"), since).scalar_one()  # noqa: S608
    waiting = connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'").scalar_one()
    if workers:
        yield Check("workers", "ok", f"{workers} at work, {waiting} jobs wait")
    else:
        yield Check("workers", "warning", f"none at work, {waiting} jobs wait", "trunkline worker, or trunkline serve")
    if not connection.exec_driver_sql("SELECT count(*) FROM tokens WHERE revoked_at IS NULL").scalar_one():
        yield Check("tokens", "warning", "nobody can get in", "trunkline tokens create NAME")
