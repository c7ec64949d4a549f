"""A backup is restored on a fresh database, and what was there is there; what is damaged is refused."""

import json
import stat
import uuid
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.api.live_service import Service
from trunkline.backup.read import restore
from trunkline.backup.write import MANIFEST, backup
from trunkline.db.migrate import upgrade
from trunkline.db.revision import disagreements
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.state import State
from trunkline.errors import Conflict, Invalid
from trunkline.settings import Settings


@pytest.fixture(scope="module")
def source(service: Service) -> Settings:
    """The service's own database, with a bit of everything."""
    run = service.order_node("backed-up", note="tab\t\\N backslash \\ and\nnew line, \u20ac")
    service.order_node("another")
    service.call("POST", f"/runs/{run['id']}/cancel", 202)
    service.call("POST", "/session", 201, json={"token": service.token})
    service.client.cookies.clear()
    return Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"])


@pytest.fixture(scope="module")
def file(source: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "trunkline.zip"
    backup(source, path)
    return path


@pytest.fixture
def fresh(postgres: State) -> Settings:
    """An empty database."""
    name = f"restored_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    return Settings(database_url=embedded_postgres.url(postgres, name))


def _rows(settings: Settings, table: str) -> list[Any]:
    with psycopg.connect(settings.libpq_url) as connection:
        return connection.execute(f"SELECT to_jsonb(t) - 'search' FROM {table} AS t ORDER BY 1".encode()).fetchall()


def test_everything_is_restored_on_a_fresh_database(source: Settings, file: Path, fresh: Settings) -> None:
    restored = restore(fresh, file)
    assert restored["subscriptions"] == 2
    for table in restored:
        assert _rows(fresh, table) == _rows(source, table), table
    assert {"subscriptions", "runs", "events", "changes", "tokens", "audit", "idempotency_keys"} <= restored.keys()
    assert _rows(fresh, "sessions") == []
    assert disagreements(fresh) == []
    with psycopg.connect(fresh.libpq_url) as connection:
        # The triggers are on again, and numbers go on where they were.
        connection.execute("UPDATE customers SET name = 'Later' WHERE shortcode = 'noc'")
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("DELETE FROM audit")


def test_a_backup_keeps_to_itself(file: Path, source: Settings, service: Service) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert (manifest["format"], manifest["tables"]["subscriptions"]["rows"]) == (1, 2)
    assert service.token.encode() not in content
    with pytest.raises(Conflict, match="is there already"):
        backup(source, file)


def test_a_restore_does_not_overwrite(source: Settings, file: Path) -> None:
    before = _rows(source, "subscriptions")
    with pytest.raises(Conflict, match="has customers already: restore into an empty one"):
        restore(source, file)
    assert _rows(source, "subscriptions") == before


def test_a_damaged_backup_is_refused_and_leaves_nothing(file: Path, fresh: Settings, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(damaged, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            copy.writestr(name, content.replace(b"noc", b"abc") if name == "customers" else content)
    with pytest.raises(Invalid, match="table customers is damaged"):
        restore(fresh, damaged)
    assert _rows(fresh, "customers") == []
    restore(fresh, file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "has no manifest.json"),
        ({MANIFEST: json.dumps({"format": 2})}, "has format 2, not 1"),
    ],
)
def test_what_is_no_backup_is_refused(fresh: Settings, tmp_path: Path, content: dict[str, str], says: str) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    with pytest.raises(Invalid, match=says):
        restore(fresh, path)
    path.write_text("not a zip")
    with pytest.raises(Invalid, match="is no backup"):
        restore(fresh, path)


def test_a_backup_of_an_older_schema_is_brought_to_the_newest(fresh: Settings, tmp_path: Path, postgres: State) -> None:
    older = tmp_path / "older.zip"
    name = f"older_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    before = Settings(database_url=embedded_postgres.url(postgres, name))
    upgrade(before, "0012")
    with psycopg.connect(before.libpq_url) as connection:
        connection.execute("INSERT INTO customers VALUES (gen_random_uuid(), 'old', 'Old')")
        connection.execute("INSERT INTO tokens (id, name, prefix, digest) VALUES (gen_random_uuid(), 'a', 'tl_a', 'x')")
    backup(before, older)
    restore(fresh, older)
    assert [row[0]["name"] for row in _rows(fresh, "customers")] == ["Old"]
    assert [row[0]["scopes"] for row in _rows(fresh, "tokens")] == [["admin"]]
    assert disagreements(fresh) == []
