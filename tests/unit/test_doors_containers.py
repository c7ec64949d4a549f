"""compose.yaml against its specification, and where there is a `docker compose`, by that; Dockerfile; settings."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from trunkline.dev.image import instructions
from trunkline.dev.state import PROJECT
from trunkline.settings import Settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = [name for name, service in SERVICES.items() if service.get("restart") == "unless-stopped"]


def test_compose_takes_the_file(tmp_path: Path) -> None:
    schema = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*schema, str(PROJECT / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        shutil.copy(PROJECT / "compose.yaml", tmp_path)
        command = ["docker", "compose", "--project-directory", str(tmp_path), "--profile", "lab", "config", "--quiet"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_all_of_the_system_is_there() -> None:
    assert set(LASTING) == {"postgres", "redis", "netbox", "api", "worker"}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    locked = re.search(r"netbox==([\d.]+)", (PROJECT / "api/trunkline/dev/netbox/pyproject.toml").read_text())
    assert locked is not None
    assert SERVICES["netbox"]["image"].endswith(f"netbox:v{locked[1]}")


@pytest.mark.parametrize("name", LASTING)
def test_every_service_that_lasts_has_a_health_check_and_a_fixed_version(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    if "build" not in SERVICES[name]:
        assert re.search(r":v?\d", SERVICES[name]["image"])


def test_what_is_published_listens_on_loopback_unless_told_otherwise() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("${LISTEN:-127.0.0.1}:") for port in ports)


def test_secrets_come_from_files_that_the_script_makes_and_git_does_not_keep(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script = [str(PROJECT / "docker/secrets.sh"), str(folder)]
    subprocess.run(script, check=True)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    subprocess.run(script, check=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == made
    wanted = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert wanted == set(made) - {"ssh_key.pub"}
    assert (folder.stat().st_mode & 0o777, (folder / "ssh_key").stat().st_mode & 0o777) == (0o700, 0o444)
    assert "/secrets/" in (PROJECT / ".gitignore").read_text().splitlines()
    used = {
        s if isinstance(s, str) else s["source"] for service in SERVICES.values() for s in service.get("secrets", [])
    }
    assert used == set(COMPOSE["secrets"])
    text = (PROJECT / "compose.yaml").read_text()
    assert not re.search(r"(?i)(password|token|secret)\w*: (?!/run/secrets)[\"']?\w{6,}$", text, re.MULTILINE)


def test_our_containers_can_write_nowhere_and_are_nobody() -> None:
    for name in ("api", "worker", "migrate"):
        assert SERVICES[name]["read_only"]
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert "privileged" not in SERVICES[name]
    last = [rest for word, rest in instructions((PROJECT / "Dockerfile").read_text()) if word == "USER"]
    assert last == ["trunkline"]
    assert "build-essential" not in (PROJECT / "Dockerfile").read_text()


def test_a_setting_is_read_from_a_file_named_like_it_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("TRUNKLINE_", "NETBOX_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRUNKLINE_SECRETS_DIR", str(tmp_path))
    (tmp_path / "trunkline_database_url").write_text("postgresql://from-a-file/x\n")
    (tmp_path / "netbox_token").write_text("from-a-file")
    settings = Settings()
    assert settings.libpq_url == "postgresql://from-a-file/x"
    assert settings.netbox_token is not None
    assert settings.netbox_token.get_secret_value() == "from-a-file"
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", "postgresql://from-the-environment/x")
    assert Settings().libpq_url == "postgresql://from-the-environment/x"
