# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The environment of a task, as its action sees it."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase


class EnvironmentAction(ActionBase):  # type: ignore[misc]
    """An action that takes what it is not given from the environment; whoever runs it sets `task_vars`."""

    task_vars: dict[str, Any]

    def environment(self, name: str) -> str:
        """A variable of the task's environment, else of Ansible's own; empty when neither has it."""
        for given in reversed(self._task.environment or []):
            values = self._templar.template(given)
            if isinstance(values, dict) and name in values:
                return str(values[name])
        # AWX lets nobody set the environment of one job: the service tells the run as a variable there.
        run = str(self.task_vars.get("trunkline_run") or "") if name == "TRUNKLINE_RUN" else ""
        return os.environ.get(name, "") or run
