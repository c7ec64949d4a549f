"""Write a backup: a zip file with a manifest, and each table as PostgreSQL copies it."""

import hashlib
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import create_engine

from trunkline import __version__
from trunkline.backup.tables import Stored, tables
from trunkline.db.migrate import current
from trunkline.errors import Conflict
from trunkline.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"


def backup(settings: Settings, path: Path) -> dict[str, int]:
    """Write the backup to a new file that only this user can read; the rows of each table. Raises Conflict.

    All of it is as it was at one moment; the service may go on working.
    """
    engine = create_engine(settings.database_url, isolation_level="REPEATABLE READ")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"{path} is there already: give another name.") from None
    try:
        with (
            engine.connect() as connection,
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            described = {table.name: _copy(raw, archive, table) for table in tables(connection)}
            manifest = {
                "format": FORMAT,
                "trunkline": __version__,
                "revision": current(connection),
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "tables": described,
            }
            archive.writestr(MANIFEST, json.dumps(manifest, indent=2))
    except BaseException:
        path.unlink()
        raise
    finally:
        engine.dispose()
    return {name: int(str(table["rows"])) for name, table in described.items()}


def _copy(connection: "psycopg.Connection[object]", archive: zipfile.ZipFile, table: Stored) -> dict[str, object]:
    digest, rows = hashlib.sha256(), 0
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table.name), columns)
    with connection.cursor() as cursor, archive.open(table.name, "w", force_zip64=True) as member:
        with cursor.copy(statement) as copy:
            for piece in copy:
                digest.update(piece)
                member.write(piece)
        rows = cursor.rowcount
    return {"columns": table.columns, "rows": rows, "sha256": digest.hexdigest()}
