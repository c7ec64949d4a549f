# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/l2vpn.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_l2vpn, netbox_l2vpn_plan
from ansible_collections.trunkline.network.plugins.plugin_utils.order_action import OrderAction, arguments_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

SAP: dict[str, Any] = {"port": {"type": "str", "required": True}, "vlan": {"type": "int"}}
OPTIONS: dict[str, Any] = {
    "subscription": {"type": "str", "required": True},
    "saps": {"type": "list", "elements": "dict", "options": SAP},
    "description": {"type": "str", "default": ""},
    "status": {"type": "str", "choices": list(netbox_l2vpn.STATUS), "default": "provisioning"},
    "vni_base": {"type": "int", "default": 10000},
    "config_context": {"type": "str", "default": "trunkline"},
}


class ActionModule(OrderAction):
    """The action."""

    SINGULAR, PLURAL, TYPE = "l2vpn", "l2vpns", "vpn.l2vpn"
    STATUS: ClassVar = netbox_l2vpn.STATUS
    OPTIONS: ClassVar = OPTIONS
    ARGUMENTS: ClassVar = arguments_of(PLURAL, OPTIONS)
    RULES: ClassVar = rules_of(PLURAL, ("subscription",))
    NEEDED = ("saps",)

    def order_of(self, fields: dict[str, Any]) -> netbox_l2vpn.L2vpnOrder:
        """The order that these arguments describe."""
        saps = tuple(netbox_l2vpn.Sap(**sap) for sap in fields["saps"] or [])
        return netbox_l2vpn.L2vpnOrder(**{**fields, "saps": saps})

    def planner(self, orders: list[netbox_l2vpn.L2vpnOrder], devices: list[dict[str, Any]]) -> Callable[[], Plan]:
        """What reads NetBox and plans."""

        def make_plan() -> Plan:
            snapshot = netbox_l2vpn.read(self.session, orders, predict=self.check and self.present)
            netbox_l2vpn.lay_over(snapshot.rows, self.params["overlay"])
            known = {item["name"] for item in devices}
            devices.extend(item for item in netbox_l2vpn.devices_of(orders, snapshot) if item["name"] not in known)
            plan = netbox_l2vpn_plan.plan_present if self.present else netbox_l2vpn_plan.plan_absent
            return plan(orders, snapshot)

        return make_plan

    def name_of(self, item: dict[str, Any]) -> str:
        """The L2VPN's name."""
        return str(item["name"])
