"""Restore a backup into a database that has no data yet."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, create_engine

from trunkline.backup.tables import Stored, tables
from trunkline.backup.write import FORMAT, MANIFEST
from trunkline.db.migrate import upgrade
from trunkline.errors import Conflict, Invalid
from trunkline.settings import Settings

_PIECE = 2**16
# A new database has none of these; what migrations put there themselves is replaced.
_DATA = ("customers", "subscriptions", "runs", "tokens")


def restore(settings: Settings, path: Path) -> dict[str, int]:
    """Fill the database from the backup and bring it to the newest schema; the rows of each table.

    All or nothing. Raises Invalid for a file that is no whole backup, Conflict where there is data already.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path)
            upgrade(settings, manifest["revision"])
            _fill(settings, archive, manifest)
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise Invalid(f"{path} is no backup ({error}).") from None
    upgrade(settings)
    return {name: int(table["rows"]) for name, table in manifest["tables"].items()}


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        raise Invalid(f"{path} is no backup: it has no {MANIFEST}.")
    manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise Invalid(
            f"{path} has format {manifest['format']}, not {FORMAT}: restore it with the Trunkline that made it."
        )
    return manifest


def _fill(settings: Settings, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    engine = create_engine(settings.database_url)
    try:
        with engine.begin() as connection:
            stored = {table.name: table for table in tables(connection)}
            _must_fit(connection, stored, manifest)
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            # What happened is in the backup: it is not recorded once more.
            _each(raw, "ALTER TABLE {} DISABLE TRIGGER USER", stored)
            raw.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, stored))))
            for name, table in stored.items():
                if name in manifest["tables"]:
                    _copy(raw, archive, table, manifest["tables"][name])
            # References that are looked at in the end are looked at now: a table is not altered before.
            raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
            _each(raw, "ALTER TABLE {} ENABLE TRIGGER USER", stored)
    finally:
        engine.dispose()


def _must_fit(connection: Connection, stored: dict[str, Stored], manifest: dict[str, Any]) -> None:
    for name in _DATA:
        if name in stored and connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first():  # noqa: S608 (ours)
            raise Conflict(f"The database has {name} already: restore into an empty one.")
    for name, table in manifest["tables"].items():
        if name not in stored or not set(table["columns"]) <= set(stored[name].columns):
            raise Invalid(f"The backup's table {name} does not fit the schema of revision {manifest['revision']}.")


def _each(connection: "psycopg.Connection[Any]", statement: str, stored: dict[str, Stored]) -> None:
    for name in stored:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _copy(connection: "psycopg.Connection[Any]", archive: zipfile.ZipFile, table: Stored, described: Any) -> None:  # noqa: ANN401
    digest = hashlib.sha256()
    identifiers = sql.SQL(", ").join(map(sql.Identifier, described["columns"]))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), identifiers)
    with connection.cursor() as cursor:
        with archive.open(table.name) as member, cursor.copy(statement) as copy:
            while piece := member.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
        if (cursor.rowcount, digest.hexdigest()) != (described["rows"], described["sha256"]):
            raise Invalid(f"The backup's table {table.name} is damaged: it is not what the manifest says.")
        if table.counted is not None:
            cursor.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, {}), max({}) + 1, false) FROM {} HAVING count(*) > 0"
                ).format(
                    sql.Literal(table.name),
                    sql.Literal(table.counted),
                    sql.Identifier(table.counted),
                    sql.Identifier(table.name),
                )
            )
