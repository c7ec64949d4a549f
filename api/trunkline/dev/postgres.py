"""The embedded PostgreSQL: one private cluster on a Unix socket, for NetBox and for the service.

The binaries are the distribution's: NetBox sorts names with an ICU collation (dcim migration 0197), and the PostgreSQL
wheels on PyPI are all built without ICU.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from trunkline.dev import process
from trunkline.dev.errors import DevError
from trunkline.dev.state import State

NAME = "postgres"
_USER = "postgres"
_START_TIMEOUT_S = 60


def up(state: State) -> None:
    """Start the server, making its data directory first where there is none."""
    if process.find(state, NAME):
        return
    data = state.data / "postgres"
    if not (data / "PG_VERSION").exists():
        _run("initdb", "-D", str(data), "-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
    (data / "postmaster.pid").unlink(missing_ok=True)  # left by a machine that lost power; its pid may be anyone's now
    options = {
        "listen_addresses": "",  # no TCP: no port to be taken, and the socket's folder is the owner's alone
        "unix_socket_directories": str(socket_folder(state)),
        "max_connections": "100",
    }
    argv = [*_command("postgres"), "-D", str(data)]
    for option, value in options.items():
        argv += ["-c", f"{option}={value}"]
    process.start(state, NAME, argv)
    process.wait_ready(state, NAME, lambda: _answers(state), _START_TIMEOUT_S)


def down(state: State) -> None:
    """Stop the server; sessions that are still open are ended (SIGINT: PostgreSQL's fast shutdown)."""
    process.stop(state, NAME, signal.SIGINT)


def ensure_database(state: State, name: str, template_sql: bytes | None = None) -> bool:
    """Make the database `name` unless it exists, filled from a plain SQL dump; true when it was made."""
    exists = sql(state, f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 (names are ours)
    if exists:
        return False
    # Filled under another name first: a restore that is interrupted is not taken for a database.
    draft = f"{name}_draft"
    sql(state, f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
    sql(state, f"CREATE DATABASE {draft}")
    if template_sql is not None:
        _run("psql", *_connection(state, draft), "-qX", "-v", "ON_ERROR_STOP=1", stdin=template_sql)
    sql(state, f"ALTER DATABASE {draft} RENAME TO {name}")
    return True


def sql(state: State, statement: str, database: str = "postgres") -> str:
    """Run one statement; the answer's values as text, one row a line."""
    return _run("psql", *_connection(state, database), "-qXtA", "-v", "ON_ERROR_STOP=1", "-c", statement)


def run_script(state: State, database: str, script: Path, variables: Mapping[str, str]) -> None:
    """Run a file of statements; `:name` in it stands for a variable's value."""
    given = [argument for name, value in variables.items() for argument in ("-v", f"{name}={value}")]
    _run("psql", *_connection(state, database), "-qX", "-v", "ON_ERROR_STOP=1", *given, "-f", str(script))


def dump(state: State, database: str) -> bytes:
    """A plain SQL dump that any role can restore."""
    return _run("pg_dump", *_connection(state, database), "--no-owner", "--no-privileges").encode()


def socket_folder(state: State) -> Path:
    """The folder of the server's socket: what a client names as its host."""
    return state.runtime


def url(state: State, database: str) -> str:
    """The SQLAlchemy URL of a database of this server."""
    return f"postgresql+psycopg://{_USER}@/{database}?host={socket_folder(state)}"


def binaries() -> Path | None:
    """The folder of the newest installed PostgreSQL's programs; Debian keeps them off PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


def _answers(state: State) -> bool:
    argv = [*_command("pg_isready"), "-q", *_connection(state, "postgres")]
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def _connection(state: State, database: str) -> list[str]:
    return ["-h", str(socket_folder(state)), "-U", _USER, "-d", database]


def _command(program: str) -> list[str]:
    path = str(_binaries() / program)
    if os.geteuid() != 0:
        return [path]
    # PostgreSQL refuses to run as root. In a user namespace of its own it sees itself as `nobody` while its files
    # stay root's: no system user is made, and no parent folder (/root) needs to be opened to others.
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--", path]


def _binaries() -> Path:
    found = binaries()
    if found is None:
        raise DevError("PostgreSQL is not installed: apt-get install postgresql")
    return found


def _run(program: str, *arguments: str, stdin: bytes | None = None) -> str:
    result = subprocess.run([*_command(program), *arguments], input=stdin, capture_output=True, check=False)
    if result.returncode != 0:
        raise DevError(f"PostgreSQL's {program} failed: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout.decode().strip()
