"""The doctor says what is wrong, and what to do about it."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from tests.api.live_service import Service
from trunkline.doctor.check import clocks, version
from trunkline.doctor.here import here
from trunkline.doctor.network import netbox, router
from trunkline.settings import Settings


def test_a_whole_installation_is_told_to_be_well(service: Service) -> None:
    done = service.run("doctor", "--json", check=False)
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert [name for name, check in checks.items() if check["state"] == "wrong"] == []
    assert done.returncode == 0
    assert checks["schema"]["state"] == checks["clock of PostgreSQL"]["state"] == "ok"
    assert checks["workers"]["remedy"] == "trunkline worker, or trunkline serve"
    assert checks["NetBox"]["found"] == "NETBOX_URL or NETBOX_TOKEN is not set"
    assert "ansible-core" in checks


def test_a_schema_that_is_behind_is_named(service: Service) -> None:
    service.run("db", "downgrade", "0012")
    try:
        done = service.run("doctor", "--json", check=False)
    finally:
        service.run("db", "upgrade")
    [check] = [check for check in json.loads(done.stdout) if check["name"] == "schema"]
    assert done.returncode == 1
    assert check["remedy"] == "trunkline db upgrade"
    assert check["found"].startswith("at 0012, the code is at ")


def test_a_database_that_is_away_is_named(service: Service) -> None:
    service.environment["TRUNKLINE_DATABASE_URL"], before = (
        "postgresql://nobody@127.0.0.1:1/none",
        service.environment["TRUNKLINE_DATABASE_URL"],
    )
    try:
        done = service.run("doctor", check=False)
    finally:
        service.environment["TRUNKLINE_DATABASE_URL"] = before
    assert done.returncode == 1
    assert "start PostgreSQL" in done.stdout


class _Handler(BaseHTTPRequestHandler):
    status = 200
    document: ClassVar[dict[str, str]] = {"netbox-version": "4.7.3-Docker"}
    actions: ClassVar[dict[str, Any]] = {"POST": {}}

    def do_GET(self) -> None:
        self._answer(self.status, self.document)

    def do_OPTIONS(self) -> None:
        self._answer(200, {"actions": {} if "cables" in self.path else self.actions})

    def _answer(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def netbox_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings that name a stand-in for NetBox, which knows its version and what one may do."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("NETBOX_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NETBOX_TOKEN", "nbt_key.secret")
    yield Settings(database_url="postgresql://nowhere/none")
    server.shutdown()
    server.server_close()
    thread.join()


def test_permissions_that_are_missing_are_named(netbox_settings: Settings) -> None:
    checks = {check.name: check for check in netbox(netbox_settings)}
    assert (checks["NetBox"].state, checks["clock of NetBox"].state) == ("ok", "ok")
    assert checks["NetBox permissions"].found == "may not add dcim/cables"


def test_an_old_netbox_or_one_that_refuses_is_named(netbox_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Handler, "document", {"netbox-version": "3.7.8"})
    assert "upgrade it to" in next(iter(netbox(netbox_settings))).remedy
    monkeypatch.setattr(_Handler, "status", 403)
    assert next(iter(netbox(netbox_settings))).found == "refuses the token (403)"


@pytest.mark.parametrize(
    ("said", "state", "remedy"),
    [
        ("FRRouting 8.4.4 (ams-pe) on Linux(6.1).", "ok", ""),
        ("FRRouting 7.5 (ams-pe)", "wrong", "upgrade FRR"),
        ("", "wrong", "check its management address"),
    ],
)
def test_a_router_is_judged_by_what_it_says(said: str, state: str, remedy: str) -> None:
    check = router("ams-pe", said)
    assert check.state == state
    assert remedy in check.remedy


def test_a_clock_that_is_wrong_is_named() -> None:
    moment = datetime.now(UTC)
    assert clocks("NetBox", moment + timedelta(seconds=2), moment).state == "ok"
    assert "NTP" in clocks("NetBox", moment - timedelta(minutes=3), moment).remedy


def test_a_runtime_directory_on_a_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_RUNTIME_DIR", "/proc")
    checks = {check.name: check for check in here(Settings(database_url="postgresql://nowhere/none"))}
    assert checks["runtime directory"].state in ("warning", "wrong")
    assert checks["collection"].state == "ok"


def test_a_runtime_directory_that_is_too_long_for_the_sockets_of_ssh_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="a-name-that-is-longer-than-ssh-can-take-") as folder:
        monkeypatch.setenv("TRUNKLINE_RUNTIME_DIR", folder)
        checks = {check.name: check for check in here(Settings(database_url="postgresql://x/x"))}
    assert checks["runtime directory"].state == "warning"
    assert "at most 44 characters" in checks["runtime directory"].remedy


def test_a_version_is_its_numbers() -> None:
    assert version("4.7.3-Docker") == (4, 7, 3)
    assert version("unknown") == ()
