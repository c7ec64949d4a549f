"""Canaries in every secret: what runs leave behind, and what can be seen while they run, has none of them."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.api.live_service import PLAYBOOKS, Service, make_service, running
from tests.security.vault import vault
from trunkline.backup.write import backup
from trunkline.settings import Settings

CANARIES = {
    "NETBOX_TOKEN": "nbt_CanaryKey1234.CanaryOfNetBoxToken",
    "TRUNKLINE_SRLINUX_PASSWORD": "CanaryOfDevicePassword",
    "TRUNKLINE_OIDC_CLIENT_SECRET": "CanaryOfClientSecret",
    "VAULT_TOKEN": "CanaryOfVaultToken",
}
IN_A_FILE = "CanaryInAFile"
IN_THE_VAULT = "CanaryInTheVault"
# A careless playbook, which says what it should not, in a message and in an error.
_CARELESS = """
    - name: Say too much
      ansible.builtin.debug:
        msg: "{{ names | map('extract', env) | join(' ') }}"
      vars:
        names: [NETBOX_TOKEN, TRUNKLINE_SRLINUX_PASSWORD]
        env:
          NETBOX_TOKEN: "{{ lookup('ansible.builtin.env', 'NETBOX_TOKEN') }}"
          TRUNKLINE_SRLINUX_PASSWORD: "{{ lookup('ansible.builtin.env', 'TRUNKLINE_SRLINUX_PASSWORD') }}"
    - name: Say what is in a file
      ansible.builtin.debug: {msg: "{{ from_file }}"}
      vars: &files
        secrets: "{{ lookup('ansible.builtin.env', 'TRUNKLINE_SECRETS_DIR') }}"
        from_file: "{{ lookup('ansible.builtin.file', secrets ~ '/device_password') }}"
    - name: Use what is in a file and in the vault
      ansible.builtin.command: {argv: [cat], stdin: "{{ from_file }} {{ from_vault }}"}
      no_log: true
      vars:
        <<: *files
        from_vault: >-
          {{ (lookup('ansible.builtin.url', lookup('ansible.builtin.env', 'VAULT_ADDR') ~ '/v1/secret/data/routers',
          headers={'X-Vault-Token': lookup('ansible.builtin.env', 'VAULT_TOKEN')}) | from_json).data.data.password }}
      changed_when: false
      register: used
    - name: Prove that they were there
      ansible.builtin.assert: {that: used.stdout | length == LENGTH}
      no_log: true
      when: not ansible_check_mode
    - name: Fail and say too much
      ansible.builtin.command: "false {{ lookup('ansible.builtin.env', 'TRUNKLINE_SRLINUX_PASSWORD') }}"
      when: ordered.role == 'fails' and not ansible_check_mode
"""


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with a worker, a canary in each secret, and careless playbooks."""
    playbooks = tmp_path_factory.mktemp("careless") / "playbooks"
    shutil.copytree(PLAYBOOKS, playbooks)
    text = (playbooks / "node_provision.yml").read_text()
    careless = _CARELESS.replace("LENGTH", str(len(f"{IN_A_FILE} {IN_THE_VAULT}")))
    (playbooks / "node_provision.yml").write_text(text.replace("\n- name: Verify", f"{careless}\n- name: Verify"))
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "device_password").write_text(f"{IN_A_FILE}\n")
    with vault({"routers": {"password": IN_THE_VAULT}}, CANARIES["VAULT_TOKEN"]) as address:
        settings = {
            "TRUNKLINE_PLAYBOOKS_DIR": str(playbooks),
            "TRUNKLINE_SECRETS_DIR": str(secrets),
            "VAULT_ADDR": address,
        }
        made = make_service(tmp_path_factory.mktemp("service"), database_url, **CANARIES, **settings)
        with running(made) as started:
            yield started


def _secrets(service: Service) -> dict[str, str]:
    halves = {"half of NETBOX_TOKEN": CANARIES["NETBOX_TOKEN"].split(".")[1]}
    looked_up = {"what is in a file": IN_A_FILE, "what is in the vault": IN_THE_VAULT}
    return (
        CANARIES
        | looked_up
        | halves
        | {"API token": service.token, "half of API token": service.token.split("_", 2)[2]}
    )


def _everything(service: Service, tmp_path: Path) -> dict[str, str]:
    """What is there when the runs are over: by place."""
    settings = Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"])
    backup(settings, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        dump = {f"table {name}": archive.read(name).decode() for name in archive.namelist()}
    with psycopg.connect(settings.libpq_url) as connection:
        for table in ("procrastinate_jobs", "procrastinate_events", "procrastinate_workers", "sessions"):
            dump[f"table {table}"] = str(connection.execute(f"SELECT t::text FROM {table} AS t".encode()).fetchall())
    files = {
        f"file {path}": path.read_bytes().decode(errors="replace")
        for folder in (service.network.parent, Path(service.environment["TRUNKLINE_RUNTIME_DIR"]))
        for path in folder.rglob("*")
        if path.is_file()
    }
    said = io.StringIO()
    for path in ("runs", "subscriptions", "tokens", "audit", "customers", "audit/export"):
        said.write(service.client.get(f"/{path}").text)
    return dump | files | {"API": said.getvalue()}


def _found(service: Service, places: dict[str, str]) -> list[str]:
    return [
        f"{name} in {place}"
        for place, text in places.items()
        for name, canary in _secrets(service).items()
        if canary in text
    ]


def test_no_secret_is_left_behind_or_seen_in_passing(service: Service, tmp_path: Path) -> None:
    with service.trouble("hold"):
        run = service.order_node("canary-pe")
        service.until_held(run)
        processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        assert service.run_directories() != []
        while_running = {
            f"run directory {path.name}": path.read_bytes().decode(errors="replace")
            for folder in service.run_directories()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert _found(service, while_running | {"process list": processes}) == []
    service.done(run)
    body = {"name": "canary-bad", "site": "ams", "role": "fails", "management": "172.20.99.9/24"}
    failed = service.order_node("canary-bad", input=body)
    assert list(service.events(failed))
    assert service.call("GET", f"/runs/{failed['id']}", 200)["status"] == "rolled-back"
    events = service.client.get(f"/runs/{failed['id']}/events").text
    assert "******** ********" in events
    assert _found(service, _everything(service, tmp_path) | {"events": events}) == []
    assert service.run_directories() == []
