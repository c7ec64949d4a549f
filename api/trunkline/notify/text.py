"""Messages for people: what an e-mail says."""

from typing import cast

from trunkline.db.models import JsonObject

_WORDS = {
    "completed": "completed",
    "failed": "failed",
    "approval-needed": "waits for approval",
    "drift": "is not as ordered",
    "test": "this is a test",
}


def subject_and_text(payload: JsonObject, public_url: str | None) -> tuple[str, str]:
    """The subject and the body of an e-mail."""
    kind, data = str(payload["type"]), cast("JsonObject", payload["data"])
    run = cast("JsonObject", data.get("run") or {})
    subject = f"[Trunkline] {run.get('title') or 'Notifications'}: {_WORDS[kind]}"
    lines = [f"{run['target']} of {run['title']}, ordered by {run['created_by']}: {run['status']}."] if run else []
    lines += [str(data["escalated"])] if data.get("escalated") else []
    error = cast("JsonObject", data.get("error") or {})
    lines += [f"{error.get('title')}: {error.get('detail')}"] if error else []
    differs = cast("JsonObject", data.get("differs") or {})
    lines += [f"  {operation}" for operation in cast("list[str]", differs.get("netbox") or [])]
    lines += [f"  configuration of {device}" for device in cast("list[str]", differs.get("devices") or [])]
    if run:
        where = (
            f"{public_url.rstrip('/')}/api/v1/runs/{run['id']}" if public_url else f"trunkline runs show {run['id']}"
        )
        lines += ["", where]
    return subject, "\n".join(lines or [f"It is {payload['timestamp']}, and messages arrive."]) + "\n"
