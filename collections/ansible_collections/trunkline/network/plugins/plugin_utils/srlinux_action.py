# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the actions on SR Linux routers share: the connection, and how errors and outcomes are told.

They run in Ansible's own process and speak JSON-RPC themselves; Ansible's connection to the host is not used.
"""

from __future__ import annotations

import contextlib
import socket
import uuid
from typing import TYPE_CHECKING, Any

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_push import Outcome, PushError, Terms
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_records import LeaseError, owner_of
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_rpc import Router, RouterError, SilentError
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import ConfigError, place_of_path
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import DeviceRefusedError, NetBoxAction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONNECTION: dict[str, Any] = {
    "device_host": {"type": "str"},
    "device_port": {"type": "int"},
    "device_user": {"type": "str"},
    "device_password": {"type": "str", "no_log": True},
    "device_ca": {"type": "path"},
    "device_validate_certs": {"type": "bool"},
    "device_timeout_s": {"type": "float", "default": 30.0},
}
PUSH: dict[str, Any] = {
    "also_owned": {"type": "list", "elements": "str", "default": []},
    "lease_ttl_s": {"type": "int", "default": 120},
    "lease_wait_s": {"type": "int", "default": 60},
    "lease": {"type": "str", "default": ""},
    "confirm_s": {"type": "int", "default": 0},
}
# Where a connection argument comes from when the task does not give it: variables of the host, as nokia.srlinux and
# containerlab's inventory name them, then of the environment.
_VARIABLES = {
    "device_host": ("ansible_host", ""),
    "device_port": ("ansible_httpapi_port", ""),
    "device_user": ("ansible_user", "TRUNKLINE_SRLINUX_USER"),
    "device_password": ("ansible_password", "TRUNKLINE_SRLINUX_PASSWORD"),
    "device_ca": ("ansible_httpapi_ca_path", "TRUNKLINE_SRLINUX_CA"),
    "device_validate_certs": ("ansible_httpapi_validate_certs", ""),
}


class SrlinuxAction(NetBoxAction):
    """An action on one SR Linux router; a subclass has the arguments `CONNECTION`."""

    def router(self) -> Router:
        """The router that the task is for. DeviceRefusedError when nothing says how to log in."""
        name, variables = self._host()
        given = {argument: self._given(argument, variables) for argument in _VARIABLES}
        for wanted in ("device_user", "device_password"):
            if not given[wanted]:
                variable, environment = _VARIABLES[wanted]
                raise DeviceRefusedError(
                    {"failed": True, "msg": f"{name}: {wanted} is not given; set it, {variable} or {environment}"}
                )
        validate = given["device_validate_certs"]
        trusted = str(validate).lower() not in ("false", "no", "0")
        return Router(
            name=name,
            host=str(given["device_host"] or name),
            port=int(str(given["device_port"] or 443)),
            user=str(given["device_user"]),
            password=str(given["device_password"]),
            verify=str(given["device_ca"]) if trusted and given["device_ca"] else trusted,
            timeout_s=self.params["device_timeout_s"],
        )

    def terms(self) -> Terms:
        """How the task wants to push. ConfigError for a path that cannot be owned."""
        params = self.params
        if params["confirm_s"] and not params["lease"]:
            raise ConfigError("confirm_s: needs lease: who is to confirm? Take one with srlinux_lease")
        return Terms(
            owner=owner_of(params["lease"]) if params["lease"] else self.new_owner(),
            held=bool(params["lease"]),
            confirm_s=params["confirm_s"],
            lease_ttl_s=params["lease_ttl_s"],
            lease_wait_s=params["lease_wait_s"],
            also_owned=frozenset(place_of_path(path) for path in params["also_owned"]),
        )

    def new_owner(self) -> str:
        """In whose name a lease is taken."""
        return owner_of(self.environment("TRUNKLINE_RUN") or f"{socket.gethostname()} {uuid.uuid4().hex[:8]}")

    @contextlib.contextmanager
    def refusals_told(self) -> Iterator[None]:
        """Turn the router's errors into the task's failure."""
        try:
            yield
        except PushError as error:
            raise DeviceRefusedError({"failed": True, "msg": str(error), "restored": error.restored}) from error
        except LeaseError as error:
            holder = {"holder": error.holder} if error.holder else {}
            raise DeviceRefusedError({"failed": True, "msg": str(error), **holder}) from error
        except (RouterError, ConfigError) as error:
            away = isinstance(error, SilentError)
            raise DeviceRefusedError({"failed": True, "msg": str(error), "away": away}) from error

    def _host(self) -> tuple[str, Mapping[str, Any]]:
        """The router's name and variables. Delegated to localhost, a task is still for its own host."""
        own, delegate = str(self.task_vars["inventory_hostname"]), self._task.delegate_to
        if delegate in (None, "", "localhost", own):
            return own, self.task_vars
        return str(delegate), self.task_vars["hostvars"][delegate]

    def _given(self, name: str, variables: Mapping[str, Any]) -> object:
        if self.params[name] is not None:
            return self.params[name]
        variable, environment = _VARIABLES[name]
        if variable in variables:
            value: object = self._templar.template(variables[variable])
            if value not in (None, ""):
                return value
        return self.environment(environment) if environment else None


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What the modules that push return."""
    return {
        "changed": outcome.plan.changed,
        "diff": {"prepared": outcome.plan.diff},
        "owned": sorted(place.path for place in outcome.owned),
        "saved": outcome.saved,
        "unconfirmed": outcome.unconfirmed,
        "timings_s": outcome.timings_s,
    }
