# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the actions on NetBox share: connection arguments, and the frame that turns work into a task's result.

They are actions, not modules: they run in Ansible's own process, which has this library loaded. A module would be
packed, started and would import all of it anew, 0.5 s for each task.
"""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import (
    InUseError,
    NetBoxError,
    UnavailableError,
    UncertainWriteError,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import diff_of
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import MISSING, Session
from ansible_collections.trunkline.network.plugins.plugin_utils.environment import EnvironmentAction

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Outcome

CONNECTION: dict[str, Any] = {
    "netbox_url": {"type": "str"},
    "netbox_token": {"type": "str", "no_log": True},
    "netbox_ca": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "netbox_timeout": {"type": "float", "default": 30.0},
    "run": {"type": "str"},
}
# Where a connection argument comes from when the task does not give it.
ENVIRONMENT = {
    "netbox_url": "NETBOX_URL",
    "netbox_token": "NETBOX_TOKEN",
    "netbox_ca": "NETBOX_CA",
    "run": "TRUNKLINE_RUN",
}


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What every module returns of its work."""
    operations = outcome.operations
    return {"changed": bool(operations), "operations": operations, "diff": diff_of(operations)}


class DeviceRefusedError(Exception):
    """A module on the device failed; carries what it answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer.get("msg"))
        self.answer = answer


class NetBoxAction(EnvironmentAction):
    """One action on NetBox.

    A subclass says its arguments and the rules between them, and does its work with `params`, `check` and `session`.
    """

    CONNECTION: ClassVar[dict[str, Any]] = CONNECTION
    ARGUMENTS: ClassVar[dict[str, Any]] = {}
    RULES: ClassVar[dict[str, Any]] = {}
    _supports_check_mode = True
    _requires_connection = False

    params: dict[str, Any]
    check: bool
    _session: Session | None = None

    @abstractmethod
    def work(self) -> dict[str, Any]:
        """The task's result. Raises NetBoxError."""

    def run(self, tmp: object = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the arguments, do the work with an open session, return its result or one clear sentence."""
        super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        checked, _arguments = self.validate_argument_spec({**self.CONNECTION, **self.ARGUMENTS}, **self.RULES)
        # Plain values: what Ansible remembers of a value's origin does not go to NetBox.
        self.params = json.loads(json.dumps(checked.validated_parameters))
        self.check = bool(self._task.check_mode)
        if MISSING:
            return {"failed": True, "msg": missing_required_lib(MISSING)}
        started = time.monotonic()
        try:
            result = self.work()
        except NetBoxError as error:
            users = error.users if isinstance(error, InUseError) else []
            # A write whose fate is unknown is looked at again when NetBox answers.
            away = isinstance(error, (UnavailableError, UncertainWriteError))
            return {"failed": True, "msg": str(error), "users": users, "away": away, "requests": self._requests()[0]}
        except DeviceRefusedError as error:
            return error.answer
        requests, writes = self._requests()
        seconds = round(time.monotonic() - started, 3)
        return {"requests": requests, "writes": writes, "seconds": seconds, **result}

    @property
    def session(self) -> Session:
        """The session with NetBox, opened when it is first asked for. Raises NetBoxError."""
        if self._session is None:
            given = {name: self.params[name] or self.environment(variable) for name, variable in ENVIRONMENT.items()}
            self._session = Session(
                given["netbox_url"],
                given["netbox_token"],
                verify=given["netbox_ca"] or True if self.params["validate_certs"] else False,
                timeout_s=self.params["netbox_timeout"],
                run=given["run"],
            )
        return self._session

    def _requests(self) -> tuple[int, int]:
        return (self._session.sent, self._session.writes) if self._session else (0, 0)
