"""The words and colours of states: one list for badges, map and legend."""

from collections.abc import Mapping

STATES: Mapping[str, str] = {
    # state: tone (tokens.css has a colour, and app.css a shape for each)
    "up": "ok",
    "active": "ok",
    "completed": "ok",
    "ok": "ok",
    "changed": "ok",
    "in sync": "ok",
    "working": "ok",
    "reachable": "ok",
    "ready": "ok",
    "queued": "run",
    "planning": "run",
    "applying": "run",
    "verifying": "run",
    "running": "run",
    "provisioning": "run",
    "rolling-back": "run",
    "awaiting-approval": "wait",
    "maintenance": "wait",
    "held": "wait",
    "draining": "wait",
    "outdated": "wait",
    "waiting": "wait",
    "migrating": "wait",
    "unknown": "wait",
    "not configured": "idle",
    "initial": "plan",
    "planned": "plan",
    "drift": "bad",
    "failed": "bad",
    "unreachable": "bad",
    "lost": "bad",
    "silent": "bad",
    "rolled-back": "bad",
    "cancelled": "idle",
    "ignored": "idle",
    "skipped": "idle",
    "disabled": "idle",
    "hidden": "idle",
    "end-of-life": "idle",
    "terminated": "idle",
    "revoked": "idle",
    "paused": "idle",
}


def status_word(state: str) -> str:
    """As people read it."""
    return state.replace("-", " ")
