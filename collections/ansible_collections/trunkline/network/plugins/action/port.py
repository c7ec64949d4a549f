# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/port.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_port
from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import STATUS
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_overlay import lay_over
from ansible_collections.trunkline.network.plugins.plugin_utils.order_action import OrderAction, arguments_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

OPTIONS: dict[str, Any] = {
    "subscription": {"type": "str", "required": True},
    "node": {"type": "str"},
    "interface": {"type": "str"},
    "mode": {"type": "str", "choices": list(netbox_port.MODES), "default": "untagged"},
    "description": {"type": "str", "default": ""},
    "speed_mbps": {"type": "int"},
    "mtu": {"type": "int"},
    "status": {"type": "str", "choices": list(STATUS), "default": "provisioning"},
}
# What NetBox takes for an interface.
MTU = range(1, 65537)


class ActionModule(OrderAction):
    """The action."""

    SINGULAR, PLURAL, TYPE = "port", "ports", "dcim.interface"
    # An interface has no status: nothing is to be done when a port comes into service.
    STATUS: ClassVar = {}
    OPTIONS: ClassVar = OPTIONS
    ARGUMENTS: ClassVar = arguments_of(PLURAL, OPTIONS)
    RULES: ClassVar = rules_of(PLURAL, ("subscription",))
    NEEDED = ("node", "interface")

    def order_of(self, fields: dict[str, Any]) -> netbox_port.PortOrder:
        """The order that these arguments describe. Raises OrderError."""
        if fields["mtu"] is not None and fields["mtu"] not in MTU:
            raise OrderError(f"mtu: {fields['mtu']} is not between {MTU[0]} and {MTU[-1]}.")
        if fields["speed_mbps"] is not None and fields["speed_mbps"] < 1:
            raise OrderError(f"speed_mbps: {fields['speed_mbps']} is not a speed.")
        return netbox_port.PortOrder(**{**fields, "node": fields["node"] or "", "interface": fields["interface"] or ""})

    def planner(self, orders: list[netbox_port.PortOrder], devices: list[dict[str, Any]]) -> Callable[[], Plan]:
        """What reads NetBox and plans."""

        def make_plan() -> Plan:
            snapshot = netbox_port.read(self.session, orders, present=self.present)
            lay_over(self.session, snapshot.rows, self.params["overlay"])
            known = {item["name"] for item in devices}
            devices.extend(item for item in netbox_port.devices_of(orders, snapshot) if item["name"] not in known)
            plan = netbox_port.plan_present if self.present else netbox_port.plan_absent
            return plan(orders, snapshot)

        return make_plan

    def name_of(self, item: dict[str, Any]) -> str:
        """Node and interface."""
        return str(item["name"])
