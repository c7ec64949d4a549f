# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the NetBox modules share: connection arguments, and the frame that turns work into a module's result."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .netbox_errors import InUseError, NetBoxError, OrderError
from .netbox_plan import diff_of
from .netbox_session import MISSING, Session, is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from .netbox_apply import Outcome

CONNECTION: dict[str, Any] = {
    "netbox_url": {"type": "str", "fallback": (env_fallback, ["NETBOX_URL"])},
    "netbox_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["NETBOX_TOKEN"])},
    "netbox_ca": {"type": "path", "fallback": (env_fallback, ["NETBOX_CA"])},
    "validate_certs": {"type": "bool", "default": True},
    "netbox_timeout": {"type": "float", "default": 30.0},
    "run": {"type": "str", "fallback": (env_fallback, ["TRUNKLINE_RUN"])},
}


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What every module returns of its work."""
    operations = outcome.operations
    return {"changed": bool(operations), "operations": operations, "diff": diff_of(operations)}


class Order(Protocol):
    """What all orders have."""

    @property
    def subscription(self) -> str:
        """UUID of the order."""

    @property
    def status(self) -> str:
        """Status of the subscription."""


def activation_of(kind: str, name: str, order: Order, statuses: dict[str, str]) -> list[dict[str, Any]]:
    """The operation that a later call with status active will do."""
    if order.status != "provisioning":
        return []
    change = {"before": {"status": statuses["provisioning"]}, "after": {"status": statuses["active"]}}
    return [{"op": "update", "type": kind, "name": name, **change, "subscription": order.subscription}]


def subscription_of(params: dict[str, Any]) -> str:
    """The subscription's UUID in canonical form, as it is stored in NetBox. Raises OrderError."""
    if not is_uuid(params["subscription"]):
        raise OrderError(
            f"subscription: {params['subscription']!r} is not a UUID. Take the order's id, or make one with uuidgen."
        )
    return str(uuid.UUID(params["subscription"]))


def run_module(
    arguments: dict[str, Any], work: Callable[[AnsibleModule, Session], dict[str, Any]], **more: object
) -> None:
    """Parse the arguments, do the work with an open session, exit with its result or with one clear sentence."""
    module = AnsibleModule(argument_spec={**CONNECTION, **arguments}, supports_check_mode=True, **more)
    if MISSING:
        module.fail_json(msg=missing_required_lib(MISSING))
    started = time.monotonic()
    session: Session | None = None
    try:
        session = Session(
            module.params["netbox_url"] or "",
            module.params["netbox_token"] or "",
            verify=module.params["netbox_ca"] or True if module.params["validate_certs"] else False,
            timeout_s=module.params["netbox_timeout"],
            run=module.params["run"] or "",
        )
        result = work(module, session)
    except NetBoxError as error:
        users = error.users if isinstance(error, InUseError) else []
        module.fail_json(msg=str(error), users=users, requests=session.sent if session else 0)
    else:
        seconds = round(time.monotonic() - started, 3)
        module.exit_json(requests=session.sent, writes=session.writes, seconds=seconds, **result)
