"""Jobs that run as processes of their own: their state and their events are files that the process writes."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.awx.standin.store import Record, Store, now

ENDED = ("successful", "failed", "error", "canceled")
# AWX's receivers store events in batches, each worker its own: they do not come in their order, nor at once.
_LATE_S = 0.15
_LOST = "Task was marked as running but was not present in the job queue, so it has been marked as failed."
_BEFORE: Record = {
    "started": None, "finished": None, "canceled_on": None, "elapsed": 0.0, "artifacts": {}, "job_explanation": "",
    "result_traceback": "", "failed": False,
}  # fmt: skip
_events: dict[Path, dict[str, Record]] = {}
_children: list[subprocess.Popen[bytes]] = []


def state_of(store: Store, job: Record) -> Record:
    """What the job's process says of itself, or what is known before there is one."""
    file = store.job_folder(job["id"]) / "state.json"
    if not file.exists():
        return (
            _BEFORE
            | {"status": job["status"], "failed": job["status"] in ("failed", "error", "canceled")}
            | {name: job[name] for name in ("job_explanation", "finished") if name in job}
        )
    state: Record = json.loads(file.read_text())
    if state["status"] not in ENDED and not _alive(state["pid"]):
        state |= {"status": "error", "job_explanation": _LOST, "finished": now()}
        write(file, state)
    return _BEFORE | state | {"failed": state["status"] in ("failed", "error", "canceled")}


def events_of(store: Store, job: Record) -> list[Record]:
    """The events that AWX has stored by now."""
    folder = store.job_folder(job["id"]) / "artifacts" / "job" / "job_events"
    known = _events.setdefault(folder, {})
    for file in folder.glob("*-*.json"):
        counter, _, rest = file.name.partition("-")
        if "partial" in rest or not counter.isdigit() or file.name in known:
            continue
        with contextlib.suppress(FileNotFoundError):
            if time.time() - file.stat().st_mtime > (_LATE_S if int(counter) % 3 == 0 else 0):
                known[file.name] = _event(job, json.loads(file.read_text()))
    return list(known.values())


def events_complete(store: Store, job: Record) -> bool:
    """Whether all events of the job are stored."""
    state = state_of(store, job)
    file = store.job_folder(job["id"]) / "state.json"
    if state["status"] not in ENDED:
        return False
    return not file.exists() or time.time() - file.stat().st_mtime > _LATE_S


def start(store: Store, job: Record, content: Record, environment: dict[str, str]) -> None:
    """Start the job's process; `content` is what it reads (see job.py)."""
    _children[:] = [child for child in _children if child.poll() is None]
    folder = store.job_folder(job["id"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write(folder / "job.json", content)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.awx.standin.job", str(folder)],
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[3])},
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _children.append(process)
    file = folder / "state.json"
    if not file.exists():
        write(file, {"status": "waiting", "pid": process.pid})


def cancel(store: Store, job: Record) -> None:
    """Ask the job's process to end."""
    (store.job_folder(job["id"]) / "cancel").touch()


def write(file: Path, content: Record) -> None:
    """Write at once or not at all, for the owner only."""
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        json.dump(content, opened)
    new.replace(file)


def _alive(pid: int) -> bool:
    for child in _children:
        if child.pid == pid:
            return child.poll() is None
    return Path("/proc", str(pid)).exists()


def _event(job: Record, raw: Record) -> Record:
    data: dict[str, Any] = raw.get("event_data") or {}
    return {
        "id": job["id"] * 100_000 + raw["counter"],
        "type": "job_event",
        "url": f"/api/v2/job_events/{job['id'] * 100_000 + raw['counter']}/",
        "related": {"job": f"/api/v2/jobs/{job['id']}/"},
        "summary_fields": {"job": {"id": job["id"], "name": job["name"], "status": job["status"]}},
        "created": raw["created"],
        "modified": raw["created"],
        "job": job["id"],
        "event": raw["event"],
        "counter": raw["counter"],
        "event_display": raw["event"],
        "event_data": {name: value for name, value in data.items() if name != "artifact_data"},
        "failed": raw["event"] in ("runner_on_failed", "runner_on_unreachable", "runner_item_on_failed"),
        "changed": bool((data.get("res") or {}).get("changed")),
        "uuid": raw["uuid"],
        "parent_uuid": raw.get("parent_uuid", ""),
        "host": None,
        "host_name": data.get("host", ""),
        "playbook": data.get("playbook", ""),
        "play": data.get("play", ""),
        "task": data.get("task", ""),
        "role": data.get("role", ""),
        "stdout": raw["stdout"],
        "start_line": raw["start_line"],
        "end_line": raw["end_line"],
        "verbosity": 0,
    }
