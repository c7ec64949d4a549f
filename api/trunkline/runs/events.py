"""What Ansible reports, made small and free of secrets; pure functions and one tracker."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from trunkline.db.models import JsonObject
from trunkline.settings import secrets_folder

MAX_TEXT = 8_000
"""Longest text kept of one event, in characters."""

# Shorter values would blank out ordinary words.
_SHORTEST_SECRET = 6
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SECRET_NAME = re.compile(r"(TOKEN|PASSWORD|PASSWD|SECRET|API_KEY|SECRET_KEY)$")
_KINDS = {
    "playbook_on_play_start": "play",
    "playbook_on_task_start": "task",
    "playbook_on_handler_task_start": "task",
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_retry": "retry",
    "runner_on_file_diff": "diff",
    "playbook_on_stats": "stats",
    "warning": "warning",
    "system_warning": "warning",
    "error": "error",
    "launched": "note",  # by a launcher of ours, not by Ansible
}
_WORSE = ("running", "skipped", "ok", "changed", "ignored", "failed", "unreachable", "lost")


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """Values that must never be stored, longest first; of a NetBox v2 token also its secret half."""
    found = {
        value for name, value in environment.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
    }
    found |= {
        half
        for value in found
        if value.startswith("nbt_")
        for half in value.split(".")[1:]
        if len(half) >= _SHORTEST_SECRET
    }
    return sorted(found, key=len, reverse=True)


def clean(value: object, secrets: Iterable[str], limit: int = MAX_TEXT) -> object:
    """A JSON value that PostgreSQL takes: no secrets, no NUL, no terminal codes, no text longer than `limit`."""
    if isinstance(value, str):
        # Secrets before cutting: half of one must not remain at the edge.
        for secret in secrets:
            value = value.replace(secret, "********")
        text = _ANSI.sub("", value).replace("\x00", "").replace("\r\n", "\n").encode("utf-8", "replace").decode()
        return text if len(text) <= limit else f"{text[:limit]}... ({len(text) - limit} characters more)"
    if isinstance(value, Mapping):
        return {str(clean(str(key), secrets, limit)): clean(item, secrets, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, secrets, limit) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return clean(str(value), secrets, limit)


@dataclass(frozen=True)
class Failure:
    """A task that failed on a host."""

    host: str
    task: str
    message: str
    unreachable: bool = False
    away: bool = False
    """Something did not answer, the host or what the task talked to: later it may."""

    @property
    def detail(self) -> str:
        """The message, with the remedy where we know one."""
        if not self.unreachable:
            return self.message
        return (
            f"{self.host} cannot be reached: {self.message}. Check that it runs, that its management address is right, "
            "and that ANSIBLE_PRIVATE_KEY_FILE opens it; then retry the run."
        )


@dataclass
class StepState:
    """One task of the playbook, over all hosts."""

    key: str
    name: str
    status: str
    started_at: datetime
    finished_at: datetime | None = None


@dataclass
class Progress:
    """Follows one playbook run event by event."""

    secrets: list[str]
    steps: dict[str, StepState] = field(default_factory=dict)
    changed_steps: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    failed_hosts: set[str] = field(default_factory=set)
    artifacts: JsonObject = field(default_factory=dict)
    last_lines: list[str] = field(default_factory=list)
    verifying: bool = False
    netbox_requests: int = 0
    pushes_s: list[float] = field(default_factory=list)

    def take(self, raw: JsonObject) -> JsonObject | None:
        """Take one event of ansible-runner in; returns the row to store, or None if it is not worth one."""
        name = str(raw.get("event"))
        data = cast("JsonObject", raw.get("event_data") or {})
        kind = _KINDS.get(name)
        if name in ("verbose", "error", "warning"):
            self.last_lines = [*self.last_lines, *self._text(raw.get("stdout")).splitlines()][-8:]
        if kind is None:
            return None
        task = _task_name(data) if kind != "play" else None
        result = cast("JsonObject", data.get("res") or {})
        when = _time(raw.get("created"))
        if kind == "ok" and result.get("changed"):
            kind = "changed"
        elif kind == "failed" and data.get("ignore_errors"):
            kind = "ignored"
        self._follow(kind, data, task, when)
        self._measure(result)
        if kind in ("failed", "unreachable"):
            message = self._text(_message(result))
            unreachable = kind == "unreachable"
            away = unreachable or _is_away(result)
            self.failures.append(Failure(str(data.get("host") or ""), task or "", message, unreachable, away))
        if kind == "stats":
            self.artifacts = cast("JsonObject", clean(data.get("artifact_data") or {}, self.secrets, limit=200_000))
            self.failed_hosts = {
                host for key in ("failures", "dark") for host in cast("JsonObject", data.get(key) or {})
            }
        return {"kind": kind, "host": data.get("host"), "task": task, "payload": self._payload(kind, raw, data, result)}

    def _payload(self, kind: str, raw: JsonObject, data: JsonObject, result: JsonObject) -> JsonObject:
        duration = data.get("duration")
        payload: JsonObject = {
            "stdout": self._text(raw.get("stdout")),
            "play": self._text(data.get("name")) if kind == "play" else "",
            "message": self._text(_message(result)),
            "duration_s": round(duration, 3) if isinstance(duration, int | float) else "",
        }
        return {name: value for name, value in payload.items() if value != ""}

    def _follow(self, kind: str, data: JsonObject, task: str | None, when: datetime) -> None:
        if _is_verify(kind, data):
            self.verifying = True
        uuid = data.get("task_uuid")
        if not uuid or task is None or kind in ("stats", "diff", "warning", "error", "retry"):
            return
        # With `strategy: free` each host has its own copy of the task, numbered after an underscore.
        key = str(uuid).partition("_")[0]
        step = self.steps.get(key)
        if step is None:
            step = self.steps[key] = StepState(key, str(clean(task, self.secrets, 300)), "running", when)
        elif kind != "task":
            step.finished_at = when
            step.status = max(step.status, kind, key=_WORSE.index)
        self.changed_steps.add(key)

    def _measure(self, result: JsonObject) -> None:
        """What modules tell of their work: requests to NetBox, and seconds of a push; of a loop what its items told."""
        for item in [result, *cast("list[object]", result.get("results") or [])]:
            told = cast("JsonObject", item) if isinstance(item, dict) else {}
            requests, timings = told.get("requests"), told.get("timings_s")
            if isinstance(requests, int):
                self.netbox_requests += requests
            push = timings.get("push") if isinstance(timings, dict) else None
            if isinstance(push, int | float):
                self.pushes_s.append(float(push))

    def failure(self) -> Failure | None:
        """The failure that ended the run: the first one of a host that is failed at the end."""
        ended = [failure for failure in self.failures if failure.host in self.failed_hosts]
        return next(iter(ended or self.failures), None)

    def _text(self, value: object) -> str:
        return str(clean(value, self.secrets)).strip() if value else ""


def _task_name(data: JsonObject) -> str | None:
    name = data.get("task") or data.get("name")
    return str(name) if name else None


def _is_verify(kind: str, data: JsonObject) -> bool:
    if kind == "play":
        return str(data.get("name", "")).lower().startswith(("verify", "prove"))
    role = str(data.get("resolved_role") or data.get("role") or "")
    return kind == "task" and role.rpartition(".")[2] == "verify"


def _message(result: JsonObject) -> str:
    """What the module said; of a loop, what its failed items said."""
    items = [
        cast("JsonObject", item) for item in cast("list[object]", result.get("results") or []) if isinstance(item, dict)
    ]
    failed = [_message(item) for item in items if item.get("failed")]
    if failed:
        return "; ".join(failed)
    message = str(result.get("msg") or "")
    if result.get("censored"):
        return str(result["censored"])
    if message.startswith("non-zero return code") or "MODULE FAILURE" in message or not message:
        tail = str(result.get("stderr") or result.get("module_stderr") or result.get("exception") or "").strip()
        message = "; ".join(part for part in (message, tail.rpartition("\n")[2]) if part)
    return message


def _is_away(result: JsonObject) -> bool:
    """Whether the task, or an item of its loop, says that what it talks to did not answer."""
    items = [item for item in cast("list[object]", result.get("results") or []) if isinstance(item, dict)]
    return bool(result.get("away")) or any(item.get("failed") and item.get("away") for item in items)


def _time(value: object) -> datetime:
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return datetime.now(UTC)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return datetime.now(UTC)


def known_secrets() -> list[str]:
    """The secrets of this process's environment, and those in files of TRUNKLINE_SECRETS_DIR as they are now."""
    folder = secrets_folder()
    files = folder.iterdir() if folder.is_dir() else ()
    named = {file.name.upper(): file for file in files if _SECRET_NAME.search(file.name.upper())}
    readable = {name: file for name, file in named.items() if file.is_file() and os.access(file, os.R_OK)}
    return secrets_in(os.environ | {name: file.read_text(errors="replace").strip() for name, file in readable.items()})
