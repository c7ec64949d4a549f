# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""One SR Linux router over JSON-RPC (https://documentation.nokia.com/srlinux, "JSON-RPC Configuration").

Each `set` is one transaction: SR Linux applies its commands to a private candidate in the order delete, replace,
update, and commits. Needs release 23.3.2 or newer, the first with `confirm-timeout`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

try:
    import requests
    from requests.auth import HTTPBasicAuth
except ImportError:  # The action says so before it comes here.
    requests = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .srlinux_tree import Command

# SR Linux's words for "another transaction is under way or waits to be confirmed".
_BUSY = ("commit confirmed in progress", "commit already in progress")
_TOOLS = "/system/configuration"


class RouterError(Exception):
    """The router did not do what was asked; the message names the router, and where it can the path."""


class BusyError(RouterError):
    """Somebody else's transaction is under way, or waits to be confirmed."""


class SilentError(RouterError):
    """The router cannot be reached, or did not answer: whether it has done what was asked is not known."""


class Router:
    """A router's JSON-RPC server.

    `verify` is True, False or the path of a CA bundle; `timeout_s` bounds the wait for a connection and for an answer.
    Every method raises RouterError; the user's password is in no message.
    """

    def __init__(
        self, name: str, host: str, port: int, user: str, password: str, verify: bool | str, timeout_s: float
    ) -> None:
        self.name = name
        self.sent = 0
        self._url = f"https://{f'[{host}]' if ':' in host else host}:{port}/jsonrpc"
        self._user = user
        self._verify = verify
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._http = requests.Session()
        self._http.auth = HTTPBasicAuth(user.encode(), password.encode())

    def get(self, *wanted: tuple[str, str]) -> list[Any]:
        """What the router has at each (datastore, path), datastore `running` or `state`; {} where there is nothing."""
        commands = [{"datastore": datastore, "path": path} for datastore, path in wanted]
        return list(self._call("get", {"commands": commands}))

    def diff(self, commands: Sequence[Command]) -> str:
        """What the commands would change, in the words of the router's own CLI; "" if nothing."""
        parts = self._blaming("diff", commands, {"output-format": "text"})
        return "".join(f"{part.rstrip()}\n" for part in parts if isinstance(part, str) and part.strip())

    def validate(self, commands: Sequence[Command]) -> None:
        """Let the router check what the commands would make of its configuration, changing nothing."""
        self._blaming("validate", commands, {})

    def set(self, commands: Sequence[Command], confirm_timeout_s: int = 0) -> None:
        """Do the commands in one transaction; with a time-out the router takes it back unless it is accepted."""
        confirm = {"confirm-timeout": confirm_timeout_s} if confirm_timeout_s else {}
        self._blaming("set", commands, {"datastore": "candidate", **confirm})

    def accept(self) -> None:
        """Keep what waits to be confirmed."""
        self._tool("confirmed-accept")

    def reject(self) -> None:
        """Take back what waits to be confirmed."""
        self._tool("confirmed-reject")

    def save(self) -> None:
        """Make the running configuration the one to start with."""
        self._tool("save")

    def cli(self, command: str) -> str:
        """What the router's CLI prints for a command."""
        (answer,) = self._call("cli", {"commands": [command], "output-format": "text"})
        return str(answer.get("text", "")) if isinstance(answer, dict) else str(answer)

    def _tool(self, name: str) -> None:
        command = {"action": "update", "path": f"{_TOOLS}/{name}"}
        self._call("set", {"datastore": "tools", "commands": [command]})

    def _blaming(self, method: str, commands: Sequence[Command], params: dict[str, Any]) -> list[Any]:
        """Call; if the router refuses without saying which command it means, find that and say it."""
        try:
            return list(self._call(method, {"commands": list(commands), **params}))
        except (BusyError, SilentError):
            raise
        except RouterError as error:
            if any(command["path"] in str(error) for command in commands):
                raise
            path = self._refused_alone(commands)
            if path is None:
                raise
            raise RouterError(f"{error} (at {path})") from error

    def _refused_alone(self, commands: Sequence[Command]) -> str | None:
        if len(commands) == 1:
            return str(commands[0]["path"])
        return next((str(command["path"]) for command in commands if self._refuses(command)), None)

    def _refuses(self, command: Command) -> bool:
        try:
            self._call("diff", {"commands": [command], "output-format": "text"})
        except SilentError:
            return False
        except RouterError:
            return True
        return False

    def _call(self, method: str, params: dict[str, Any]) -> list[Any]:
        self.sent += 1
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            # Given here and not once for all: REQUESTS_CA_BUNDLE of the environment would win over the session's.
            answer = self._http.post(self._url, json=body, timeout=self._timeout_s, verify=self._verify)
        except requests.exceptions.SSLError as error:
            raise SilentError(
                f"{self.name}: the certificate of {self._url} is not trusted ({_reason(error)}); give the CA that "
                "signed it as device_ca (ansible_httpapi_ca_path)"
            ) from error
        except requests.exceptions.Timeout as error:
            raise SilentError(f"{self.name}: no answer from {self._url} within {self._timeout_s:g} s") from error
        except requests.exceptions.RequestException as error:
            raise SilentError(f"{self.name}: {self._url} cannot be reached ({_reason(error)})") from error
        return self._result(method, answer)

    def _result(self, method: str, answer: requests.Response) -> list[Any]:
        if answer.status_code in (401, 403):
            raise RouterError(
                f"{self.name}: user '{self._user}' is refused (HTTP {answer.status_code}); check device_user and "
                "device_password (ansible_user, ansible_password)"
            )
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict) or not {"result", "error"} & set(content):
            raise SilentError(f"{self.name}: {self._url} answers HTTP {answer.status_code}, not JSON-RPC")
        if content.get("error"):
            message = str(content["error"].get("message", content["error"])).strip()
            kind = BusyError if any(words in message for words in _BUSY) else RouterError
            raise kind(f"{self.name}: {method} refused: {message}")
        result = content["result"]
        return result if isinstance(result, list) else [result]


def _reason(error: Exception) -> str:
    """The innermost reason, without the objects that requests wraps it in."""
    reason: BaseException = error
    while (inner := getattr(reason, "reason", None) or reason.__cause__ or reason.__context__) and isinstance(
        inner, BaseException
    ):
        reason = inner
    return str(getattr(reason, "strerror", None) or reason)
