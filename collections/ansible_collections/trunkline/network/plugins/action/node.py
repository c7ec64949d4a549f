# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/node.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_node, netbox_node_plan
from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare, canonical
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_overlay import lay_over
from ansible_collections.trunkline.network.plugins.plugin_utils.order_action import OrderAction, arguments_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

INTERFACE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "default": "other"},
    "description": {"type": "str", "default": ""},
    "mgmt_only": {"type": "bool", "default": False},
}
OPTIONS: dict[str, Any] = {
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
    "interfaces": {"type": "list", "elements": "dict", "options": INTERFACE, "default": []},
}


class ActionModule(OrderAction):
    """The action."""

    SINGULAR, PLURAL, TYPE = "node", "nodes", "dcim.device"
    STATUS: ClassVar = netbox_node.STATUS
    OPTIONS: ClassVar = OPTIONS
    ARGUMENTS: ClassVar = arguments_of(PLURAL, OPTIONS)
    RULES: ClassVar = rules_of(PLURAL, ("name", "subscription"))
    NEEDED = ("site", "role", "device_type", "platform")

    def order_of(self, fields: dict[str, Any]) -> netbox_node.NodeOrder:
        """The order that these arguments describe. Raises OrderError."""
        given = {name: value for name, value in fields.items() if value is not None}
        given["interfaces"] = tuple(netbox_node.Interface(**item) for item in fields["interfaces"])
        names = [item.name for item in given["interfaces"]]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise OrderError(f"interfaces: {twice[0]} is given twice. Give each interface once.")
        if fields["management"]:
            try:
                given["management"] = canonical(fields["management"])
            except ValueError as error:
                raise OrderError(
                    f"management: {error}. Give an address with its length, as 172.20.20.11/24."
                ) from error
        return netbox_node.NodeOrder(**given)

    def planner(self, orders: list[netbox_node.NodeOrder], devices: list[dict[str, Any]]) -> Callable[[], Plan]:
        """What reads NetBox and plans."""

        def make_plan() -> Plan:
            snapshot = netbox_node.read(self.session, orders, present=self.present, predict=self.check)
            lay_over(self.session, snapshot.rows, self.params["overlay"])
            plan = (netbox_node_plan.plan_present if self.present else netbox_node_plan.plan_absent)(orders, snapshot)
            devices[:] = [
                {"name": node["name"], "address": bare(node["management"]), "platform": node["platform"]}
                for node in plan.objects
                if node["management"]
            ]
            return plan

        return make_plan

    def name_of(self, item: dict[str, Any]) -> str:
        """The device's name."""
        return str(item["name"])
