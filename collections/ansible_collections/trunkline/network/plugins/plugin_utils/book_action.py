# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the actions on the Trunkline API share: connection arguments, and errors as a task's result."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.plugin_utils.environment import EnvironmentAction
from ansible_collections.trunkline.network.plugins.plugin_utils.order_book import OrderBook, OrderBookError

CONNECTION: dict[str, Any] = {
    "trunkline_url": {"type": "str"},
    "trunkline_token": {"type": "str", "no_log": True},
    "trunkline_ca": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "trunkline_timeout": {"type": "float", "default": 30.0},
}


class BookAction(EnvironmentAction):
    """One action on the API. A subclass says its arguments and the rules between them, and does its work."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {}
    RULES: ClassVar[dict[str, Any]] = {}
    _supports_check_mode = True
    _requires_connection = False

    params: dict[str, Any]
    check: bool

    @abstractmethod
    def work(self) -> dict[str, Any]:
        """The task's result. Raises OrderBookError."""

    def run(self, tmp: object = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the arguments, do the work, return its result or one clear sentence."""
        super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        checked, _arguments = self.validate_argument_spec({**CONNECTION, **self.ARGUMENTS}, **self.RULES)
        # Plain values: what Ansible remembers of a value's origin does not go to the API.
        self.params = json.loads(json.dumps(checked.validated_parameters))
        self.check = bool(self._task.check_mode)
        try:
            return self.work()
        except OrderBookError as error:
            return {"failed": True, "msg": str(error), "problem": error.problem}

    def given(self, name: str) -> str:
        """A connection argument: the task's own, else the variable of the environment that is called alike."""
        return str(self.params[name] or self.environment(name.upper()))

    def book(self) -> OrderBook:
        """The API. Raises OrderBookError when it is not said where it is."""
        return OrderBook(
            self.given("trunkline_url"),
            self.given("trunkline_token"),
            verify=self.params["validate_certs"],
            ca=self.given("trunkline_ca"),
            timeout_s=self.params["trunkline_timeout"],
        )
