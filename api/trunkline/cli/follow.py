"""Follow a run to its end: live on a terminal, line by line elsewhere."""

import sys
from typing import TYPE_CHECKING

from trunkline.cli import show
from trunkline.cli.client import DRIFT, FAILED, CliError

if TYPE_CHECKING:
    from trunkline.cli.client import Client, Json

WAITS = "awaiting-approval"
HELD = "held"


def follow(client: "Client", run: "Json", *, quiet: bool, until_approval: bool = False) -> "Json":
    """The run as it is when it has ended, is held, or (`until_approval`) waits for approval. `quiet`: print nothing."""
    stops = (HELD, WAITS) if until_approval else (HELD,)
    shown = _Silent() if quiet else _Live() if sys.stderr.isatty() else _Lines()
    with shown:
        for event in client.events(str(run["id"])):
            shown.take(event)
            if event["kind"] == "status" and event["payload"]["status"] in stops:
                # It may have gone on since.
                now = dict(client.call("GET", f"/runs/{run['id']}"))
                if now["status"] in stops:
                    return now
    return dict(client.call("GET", f"/runs/{run['id']}"))


def exit_code(run: "Json", wanted: str = "completed") -> int:
    """0: it ended as `wanted`, or waits for approval; see docs/cli.md for the others."""
    if run["status"] != wanted:
        return 0 if run["status"] == WAITS else FAILED
    return DRIFT if run["drift"] else 0


def report(run: "Json", *, as_json: bool, wanted: str = "completed") -> int:
    """Print how the run ended; its exit code."""
    if as_json:
        show.as_json(run)
        return exit_code(run, wanted)
    if run["status"] not in (wanted, WAITS):
        error = run["error"] or {}
        where = ", ".join(str(error[key]) for key in ("host", "task") if error.get(key))
        detail = error.get("detail") or error.get("title") or run["status"]
        how = "retry, rollback or cancel" if run["status"] == HELD else "retry"
        again = f"trunkline runs {how} {run['id'][:8]}"
        raise CliError(f"{run['title']}: {run['status']}: {detail}{f' ({where})' if where else ''}; {again}", FAILED)
    said = "differs from what was ordered" if run["drift"] else run["status"]
    show.console().print(f"{run['title']}: {said} (run {run['id'][:8]})", markup=False)
    return exit_code(run, wanted)


class _Silent:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def take(self, event: "Json") -> None:
        """Say nothing."""


class _Lines(_Silent):
    """For logs: a line for each status, and for each task that did or failed something."""

    def take(self, event: "Json") -> None:
        """Print it, if it is worth a line."""
        if (line := _line(event)) is not None:
            print(line, file=sys.stderr, flush=True)


class _Live(_Silent):
    """For people: one line that says what is happening now, and above it what has happened."""

    def __init__(self) -> None:
        self._console = show.console(error=True)
        self._now = self._console.status("queued")

    def __enter__(self) -> None:
        self._now.start()

    def __exit__(self, *_: object) -> None:
        self._now.stop()

    def take(self, event: "Json") -> None:
        """Show it."""
        if event["kind"] == "task":
            self._now.update(f"{event['stage']}: {event['task']}")
        elif (line := _line(event)) is not None:
            self._console.print(line, markup=False)


def _line(event: "Json") -> str | None:
    moment = str(event["created_at"])[11:19]
    match event["kind"]:
        case "status":
            said = event["payload"].get("message")
            return f"{moment} {event['payload']['status']}{f': {said}' if said else ''}"
        case "note":
            return f"{moment} {event['payload']['message']}"
        case "changed" | "failed" | "unreachable":
            said = f": {event['payload'].get('message', '')}" if event["kind"] != "changed" else ""
            return f"{moment} {event['stage']} {event['host']}: {event['kind']}: {event['task']}{said}"
    return None
