"""A file that is the network of the tests: an action plugin, because a module costs half a second a call."""

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc]
    """Writes `content` to `path`, or removes it when there is no content; honest in check mode.

    A file `away` beside it stands for a NetBox that does not answer.
    """

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """What was, or would be, changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        path, wanted = Path(self._task.args["path"]), str(self._task.args.get("content", ""))
        if (path.parent / "away").exists():
            return result | {"failed": True, "msg": "NetBox does not answer", "away": True}
        found = path.read_text() if path.exists() else ""
        if found != wanted and not self._task.check_mode:
            if wanted:
                path.write_text(wanted)
            else:
                path.unlink()
        return result | {"changed": found != wanted, "diff": {"before": found, "after": wanted}}
