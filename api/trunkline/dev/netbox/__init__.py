"""The embedded NetBox: the real one from PyPI, in a virtual environment of its own."""

import http.client
import lzma
import os
import subprocess
from pathlib import Path

from trunkline.dev import postgres, process, redis
from trunkline.dev.errors import DevError
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import PROJECT, State

NAME = "netbox"
DATABASE = "netbox"
_HERE = Path(__file__).parent
_VENV = PROJECT / ".trunkline" / "netbox-venv"
_TEMPLATE = _HERE / "schema.sql.xz"
_START_TIMEOUT_S = 120


def up(state: State, secrets: Secrets, port: int, request_log: Path | None = None) -> None:
    """Start NetBox beside PostgreSQL and Redis, which must be up. Returns at once: see `wait_ready`.

    With `request_log` it appends `METHOD path` for each request to that file before it answers.
    """
    if process.find(state, NAME):
        return
    postgres.ensure_database(state, DATABASE, lzma.decompress(_TEMPLATE.read_bytes()))
    argv = [_program("gunicorn"), "--config", str(_HERE / "instance" / "gunicorn.conf.py")]
    access = {
        "NETBOX_PORT": str(port),
        "NETBOX_TOKEN": secrets.netbox_token,
        "NETBOX_PASSWORD": secrets.netbox_password,
    }
    if request_log is not None:
        access["NETBOX_REQUEST_LOG"] = str(request_log)
    process.start(state, NAME, argv, _environment(state, secrets, DATABASE) | access)


def wait_ready(state: State, secrets: Secrets, port: int) -> None:
    """Wait until NetBox answers an authenticated request: 12 s of one core after `up`."""
    process.wait_ready(state, NAME, lambda: answers(port, secrets.netbox_token), _START_TIMEOUT_S)


def down(state: State) -> None:
    """Stop NetBox."""
    process.stop(state, NAME)


def answers(port: int, token: str) -> bool:
    """Whether a NetBox on this port takes the token."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/api/status/", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def make_template(state: State, secrets: Secrets) -> Path:
    """Run NetBox's own migrations on an empty database (minutes) and keep the result for all who come after."""
    draft = "netbox_template"
    postgres.sql(state, f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
    postgres.ensure_database(state, draft)
    manage(state, secrets, draft, "migrate", "--no-input")
    _TEMPLATE.write_bytes(lzma.compress(postgres.dump(state, draft), preset=9 | lzma.PRESET_EXTREME))
    postgres.sql(state, f"DROP DATABASE {draft} WITH (FORCE)")
    return _TEMPLATE


def manage(state: State, secrets: Secrets, database: str, *arguments: str) -> None:
    """Run one of NetBox's management commands; its failure is an error with what it said."""
    environment = dict(os.environ) | _environment(state, secrets, database)
    result = subprocess.run(
        [_program("netbox"), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise DevError(f"netbox {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")


def _environment(state: State, secrets: Secrets, database: str) -> dict[str, str]:
    return {
        "NETBOX_ROOT": str(state.data / "netbox"),
        "NETBOX_CONFIGURATION": "configuration",
        "PYTHONPATH": str(_HERE / "instance"),
        "NETBOX_SECRET_KEY": secrets.netbox_secret_key,
        "NETBOX_DB_HOST": str(postgres.socket_folder(state)),
        "NETBOX_DB_NAME": database,
        "NETBOX_REDIS_SOCKET": str(redis.socket_path(state)),
    }


def _program(name: str) -> str:
    path = _VENV / "bin" / name
    if not path.exists():
        raise DevError(f"NetBox is not installed ({path} is missing); `make up` installs it.")
    return str(path)
