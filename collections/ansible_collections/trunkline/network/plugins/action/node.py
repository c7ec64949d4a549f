# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/node.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_node, netbox_node_plan
from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare, canonical
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import (
    NetBoxAction,
    activation_of,
    result_of,
    subscription_of,
)

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "subscription": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "status": {"type": "str", "choices": list(netbox_node.STATUS), "default": "provisioning"},
    "site": {"type": "str"},
    "role": {"type": "str"},
    "device_type": {"type": "str"},
    "platform": {"type": "str"},
    "management": {"type": "str"},
    "management_interface": {"type": "str", "default": "mgmt0"},
    "loopback_interface": {"type": "str", "default": "lo0"},
    "loopback_pool": {"type": "str", "default": "loopback"},
}


def order_of(params: dict[str, Any]) -> netbox_node.NodeOrder:
    """The order that the arguments describe. Raises OrderError."""
    fields = {name: params[name] or "" for name in ARGUMENTS if name != "state"}
    fields["subscription"] = subscription_of(params)
    if fields["management"]:
        try:
            fields["management"] = canonical(fields["management"])
        except ValueError as error:
            raise OrderError(f"management: {error}. Give an address with its length, as 172.20.20.11/24.") from error
    return netbox_node.NodeOrder(**fields)


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = ARGUMENTS
    REQUIRED_IF: ClassVar = [("state", "present", ["site", "role", "device_type", "platform"])]

    def work(self) -> dict[str, Any]:
        """Read, plan, apply."""
        orders = [order_of(self.params)]
        present = self.params["state"] == "present"

        def make_plan() -> Plan:
            snapshot = netbox_node.read(self.session, orders, present=present, predict=self.check)
            return (
                netbox_node_plan.plan_present(orders, snapshot)
                if present
                else netbox_node_plan.plan_absent(orders, snapshot)
            )

        outcome = converge(self.session, make_plan, self.check)
        node = outcome.objects[0]
        devices = []
        if node["management"]:
            devices.append({"name": node["name"], "address": bare(node["management"]), "platform": node["platform"]})
        activation = activation_of("dcim.device", node["name"], orders[0], netbox_node.STATUS) if present else []
        return {**result_of(outcome), "node": node, "devices": devices, "activation": activation}
