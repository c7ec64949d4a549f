"""Follow one job of AWX to its end: its events in order, its artifacts, a cancel, its time limit."""

import time
from collections.abc import Callable
from typing import cast

from trunkline.db.models import JsonObject
from trunkline.runs.launch.awx_client import AwayError, AwxClient, RefusedError
from trunkline.runs.launch.contract import Ending, LaunchError, Stop
from trunkline.settings import Settings

ENDED = frozenset({"successful", "failed", "error", "canceled"})
# AWX's callback receivers store events a little after the job has ended; one that is lost must not hold the run.
_LAST_EVENTS_WITHIN_S = 60.0
_TIMED_OUT = "terminated due to timeout"
_NOT_FOUND = 404
_NOT_NOW = 405


def follow(
    client: AwxClient, settings: Settings, job_id: int, on_event: Callable[[JsonObject], None], stop: Stop
) -> Ending:
    """How the job ended. `on_event` gets its events as ansible-runner gave them to AWX. Raises LaunchError.

    Leaves the job alone when the worker lets go, and while AWX does not answer.
    """
    job = _Job(client, job_id, on_event)
    heard = time.monotonic()
    while not stop.released:
        try:
            if job.look(cancel=stop.cancelled):
                return job.ending()
            heard = time.monotonic()
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                raise LaunchError(
                    f"AWX job {job_id} is gone: somebody deleted it, and how it ended is not known"
                ) from error
            raise LaunchError(str(error)) from error
        except AwayError as error:
            if time.monotonic() - heard > settings.awx_patience_s:
                raise LaunchError(f"AWX job {job_id} may still run, but {error}") from error
        stop.wait(settings.awx_poll_s)
    return Ending(ok=False, cancelled=False, timed_out=False, detail=f"AWX job {job_id} was let go")


class _Job:
    def __init__(self, client: AwxClient, job_id: int, on_event: Callable[[JsonObject], None]) -> None:
        self._client, self._path, self._on_event = client, f"jobs/{job_id}/", on_event
        self._seen = 0
        self._cancel_sent = False
        self._ended_at: float | None = None
        self._state: JsonObject = {}

    def look(self, *, cancel: bool) -> bool:
        """Pass on what is new; whether the job has ended and all of it was passed on."""
        if cancel and not self._cancel_sent:
            self._cancel()
        self._state = self._client.get(self._path)
        ended = self._state["status"] in ENDED
        if ended and self._ended_at is None:
            self._ended_at = time.monotonic()
        late = self._ended_at is not None and time.monotonic() - self._ended_at > _LAST_EVENTS_WITHIN_S
        complete = ended and (bool(self._state["event_processing_finished"]) or late)
        self._pass_on(complete=complete)
        return complete

    def ending(self) -> Ending:
        """How it ended."""
        status, explanation = self._state["status"], str(self._state.get("job_explanation") or "")
        detail = ""
        if status == "error" or (status == "failed" and explanation):
            trace = str(self._state.get("result_traceback") or "").strip().rpartition("\n")[2]
            detail = "; ".join(part for part in (explanation, trace) if part) or f"AWX says no more than {status!r}"
        return Ending(
            ok=status == "successful",
            cancelled=status == "canceled",
            timed_out=status == "failed" and _TIMED_OUT in explanation,
            detail=detail,
        )

    def _cancel(self) -> None:
        try:
            self._client.post(f"{self._path}cancel/", {})
        except RefusedError as error:
            # It has just ended by itself.
            if error.status != _NOT_NOW:
                raise
        self._cancel_sent = True

    def _pass_on(self, *, complete: bool) -> None:
        """AWX stores events out of order: one is passed on when those before it were, or when there are no more."""
        for event in self._client.all_after(f"{self._path}job_events/", self._seen, no_truncate="true"):
            counter = cast("int", event["counter"])
            last = event["event"] == "playbook_on_stats"
            # The artifacts are there when the job has ended, and belong into the last event.
            if not complete and (last or counter != self._seen + 1):
                return
            self._seen = counter
            data = cast("JsonObject", event["event_data"])
            if last and isinstance(self._state["artifacts"], dict):
                data = data | {"artifact_data": self._state["artifacts"]}
            self._on_event(
                {"event": event["event"], "event_data": data, "stdout": event["stdout"], "created": event["created"]}
            )
