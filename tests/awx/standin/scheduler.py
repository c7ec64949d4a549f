"""What AWX's task manager does: starts what is pending, carries workflows on, takes over what has ended."""

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from tests.awx.standin import jobs, projects
from tests.awx.standin.injection import inject
from tests.awx.standin.launching import active
from tests.awx.standin.store import Record, Store
from tests.awx.standin.workflows import advance

logger = logging.getLogger(__name__)

_TICK_S = 0.1
_CAPACITY = 4


class Scheduler(threading.Thread):
    """One thread, for as long as the stand-in runs."""

    def __init__(self, store: Store) -> None:
        super().__init__(daemon=True, name="scheduler")
        self._store = store
        self._tick = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._tick.wait(_TICK_S):
            try:
                with self._store.locked():
                    self._look()
            except Exception:  # one object that is wrong must not stop the others; the log says which
                logger.exception("the scheduler stumbled")

    def _look(self) -> None:
        for kind in ("jobs", "project_updates", "inventory_updates"):
            for record in active(self._store, kind):
                self._carry_on(kind, record)
        for workflow in active(self._store, "workflow_jobs"):
            advance(self._store, workflow)

    def _carry_on(self, kind: str, record: Record) -> None:
        if record["status"] == "pending":
            if self._may_start(kind, record):
                record["status"] = "waiting"
                self._start(kind, record)
            return
        record["status"] = jobs.state_of(self._store, record)["status"]
        if record["status"] in jobs.ENDED:
            if kind == "project_updates":
                projects.end_update(self._store, record)
            elif kind == "inventory_updates":
                projects.end_inventory_update(self._store, record)

    def _may_start(self, kind: str, record: Record) -> bool:
        busy = [job for job in active(self._store, kind) if job["status"] != "pending"]
        same = [job for job in busy if job["unified_job_template"] == record["unified_job_template"]]
        return len(busy) < _CAPACITY and (record.get("allow_simultaneous", False) or not same)

    def _start(self, kind: str, record: Record) -> None:
        store = self._store
        folder = store.job_folder(record["id"])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = _base_environment(folder, record)
        if kind == "project_updates":
            content = projects.update_commands(store, record)
        elif kind == "inventory_updates":
            content, injected = projects.inventory_commands(store, record)
            environment |= injected
        else:
            injected, variables = inject(store, record["credentials"], folder)
            environment |= injected
            content = self._job(record, variables)
        jobs.start(store, record, content, environment)

    def _job(self, job: Record, injected: dict[str, str]) -> Record:
        store = self._store
        options = [("--limit", job["limit"]), ("--tags", job["job_tags"]), ("--skip-tags", job["skip_tags"])]
        arguments = [f"{name}={value}" for name, value in options if value]
        arguments += ["--check"] if job["job_type"] == "check" else []
        arguments += ["--diff"] if job["diff_mode"] else []
        literal = job["launched"]["literal"]
        # AWX marks what a launch gave as unsafe: only what the template itself says may be a template.
        variables = {name: _unsafe(value) if name in literal else value for name, value in job["extra_vars"].items()}
        own = {"awx_job_id": job["id"], "awx_job_template_id": job["job_template"], "awx_user_name": "admin"}
        inventory = store.table("inventories")[job["inventory"]]
        return {
            "project": str(projects.folder_of(store, store.table("projects")[job["project"]])),
            "playbook": job["playbook"],
            "arguments": arguments,
            "extra_vars": own | variables | injected,
            "inventory": projects.inventory_content(store, inventory),
            "timeout": job["timeout"],
        }


def _base_environment(folder: Path, record: Record) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE") if name in os.environ}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "JOB_ID": str(record["id"]),
        "AWX_PRIVATE_DATA_DIR": str(folder),
        "ANSIBLE_FORCE_COLOR": "False",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
    }


def _unsafe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unsafe(item) for item in value]
    return {"__ansible_unsafe": value} if isinstance(value, str) else value
