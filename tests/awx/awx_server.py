"""The stand-in for AWX as a process, with what playbooks of the tests need to be launched through it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import wait_until

PROJECT = Path(__file__).parents[2]
TOKEN = "AwxStandInToken0123456789abcdef"
_STARTS_WITHIN_S = 30
_ASKED = ("variables", "job_type", "diff_mode", "skip_tags", "labels", "timeout")


@dataclass
class Awx:
    """The stand-in's process and a client for it; `projects` is its PROJECTS_ROOT."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=f"{self.url}/api/v2/", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )

    @property
    def url(self) -> str:
        """AWX's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def projects(self) -> Path:
        """Where manual projects lie."""
        return self.folder / "projects"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a service that launches through it."""
        return {
            "TRUNKLINE_LAUNCHER": "awx",
            "TRUNKLINE_AWX_URL": self.url,
            "TRUNKLINE_AWX_TOKEN": TOKEN,
            "TRUNKLINE_AWX_POLL_S": "0.3",
        }

    def start(self) -> None:
        """Start it, or start it again with what it had."""
        argv = ["--port", str(self.port), "--data", str(self.folder / "data"), "--projects", str(self.projects)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.awx.standin", *argv],
                cwd=PROJECT, stdout=log, stderr=log,
                env=os.environ | {"AWX_STANDIN_TOKEN": TOKEN, "PYTHONPATH": str(PROJECT)},
            )  # fmt: skip
        wait_until(self._answers, _STARTS_WITHIN_S)

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it; jobs go on."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
            self.process = None

    def call(self, method: str, path: str, expect: int, **more: Any) -> Any:
        """One request whose status must be `expect`; returns the decoded body."""
        response = self.client.request(method, path, **more)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def make(self, path: str, /, **values: Any) -> Any:
        """A new object."""
        return self.call("POST", f"{path}/", 201, json=values)

    def all(self, kind: str, **filters: Any) -> list[Any]:
        """The objects of a kind that fit."""
        return list(
            self.call("GET", f"{kind}/", 200, params={"page_size": 200, "order_by": "id", **filters})["results"]
        )

    def wait_for(self, kind: str, number: int, *statuses: str) -> Any:
        """The object once it has one of these statuses."""
        wait_until(lambda: self.call("GET", f"{kind}/{number}/", 200)["status"] in statuses, 60)
        return self.call("GET", f"{kind}/{number}/", 200)

    def seed(self, playbooks: Path, environment: Mapping[str, str]) -> None:
        """Job templates for all of `playbooks`, whose jobs have this environment."""
        folder = self.projects / playbooks.parent.name
        if not folder.exists():
            folder.symlink_to(playbooks.parent, target_is_directory=True)
        organization = self.make("organizations", name="Trunkline")["id"]
        project = self.make("projects", name="Tests", organization=organization, local_path=folder.name)["id"]
        inventory = self.make("inventories", name="Trunkline", organization=organization)["id"]
        names = [name for name in environment if not name.startswith("ANSIBLE_")]
        kind = self.make(
            "credential_types", name="Environment", kind="cloud",
            inputs={"fields": [{"id": name.lower(), "type": "string", "secret": True} for name in names]},
            injectors={"env": {name: f"{{{{ {name.lower()} }}}}" for name in names}},
        )  # fmt: skip
        inputs = {name.lower(): environment[name] for name in names}
        credential = self.make(
            "credentials", name="Tests", organization=organization, credential_type=kind["id"], inputs=inputs
        )
        for file in sorted(playbooks.glob("*.yml")):
            template = self.make(
                "job_templates", name=f"Trunkline {file.stem}", project=project, inventory=inventory,
                playbook=f"{playbooks.name}/{file.name}", allow_simultaneous=True,
                **{f"ask_{name}_on_launch": True for name in _ASKED},
            )  # fmt: skip
            self.call("POST", f"job_templates/{template['id']}/credentials/", 204, json={"id": credential["id"]})

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return httpx.get(f"{self.url}/api/v2/ping/").is_success
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def running_awx(folder: Path) -> Iterator[Awx]:
    """A stand-in that runs while the block does; its jobs end with it."""
    (folder / "projects").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        awx = Awx(folder, probe.getsockname()[1])
    awx.start()
    try:
        yield awx
    finally:
        for job in awx.all("jobs") if awx.process else ():
            if job["status"] in ("pending", "waiting", "running"):
                awx.client.post(f"jobs/{job['id']}/cancel/")
                awx.wait_for("jobs", job["id"], "canceled", "failed", "successful", "error")
        awx.stop()
        awx.client.close()
        shutil.rmtree(folder / "data", ignore_errors=True)
