# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/circuit.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import (
    netbox_circuit,
    netbox_circuit_plan,
    netbox_circuit_removal,
    netbox_paths,
)
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_overlay import lay_over
from ansible_collections.trunkline.network.plugins.plugin_utils.order_action import OrderAction, arguments_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

END: dict[str, Any] = {
    "node": {"type": "str", "required": True},
    "interface": {"type": "str", "required": True},
}
OPTIONS: dict[str, Any] = {
    "subscription": {"type": "str", "required": True},
    "a": {"type": "dict", "options": END},
    "z": {"type": "dict", "options": END},
    "status": {"type": "str", "choices": list(netbox_circuit.STATUS), "default": "provisioning"},
    "cid": {"type": "str"},
    "isis_metric": {"type": "int", "default": 10},
    "under_maintenance": {"type": "bool", "default": False},
    "speed_mbps": {"type": "int", "default": 10000},
    "provider": {"type": "str"},
    "circuit_type": {"type": "str"},
    "pool": {"type": "str", "default": "core-link"},
}
HIGHEST_METRIC = 16777214


class ActionModule(OrderAction):
    """The action."""

    SINGULAR, PLURAL, TYPE = "circuit", "circuits", "circuits.circuit"
    STATUS: ClassVar = netbox_circuit.STATUS
    OPTIONS: ClassVar = OPTIONS
    ARGUMENTS: ClassVar = {**arguments_of(PLURAL, OPTIONS), "check_paths": {"type": "bool", "default": False}}
    RULES: ClassVar = rules_of(PLURAL, ("subscription",))
    NEEDED = ("a", "z")

    def work(self) -> dict[str, Any]:
        """Read, plan, apply; and say what the network would lose, where that is asked."""
        result = super().work()
        orders = [order for order in self._orders() if isinstance(order, netbox_circuit.CircuitOrder)]
        leaving = [order.subscription for order in orders if not self.present or order.under_maintenance]
        ask = self.params["check_paths"] and leaving and result["changed"]
        return {**result, "cautions": netbox_paths.cautions(self.session, leaving) if ask else []}

    def order_of(self, fields: dict[str, Any]) -> netbox_circuit.CircuitOrder:
        """The order that these arguments describe. Raises OrderError."""
        if not 1 <= fields["isis_metric"] <= HIGHEST_METRIC:
            raise OrderError(f"isis_metric: {fields['isis_metric']} is not between 1 and {HIGHEST_METRIC}.")
        if fields["speed_mbps"] < 1:
            raise OrderError(f"speed_mbps: {fields['speed_mbps']} is not a speed.")
        ends = {side: netbox_circuit.End(**fields[side]) if fields[side] else netbox_circuit.NOWHERE for side in "az"}
        optional = {name: fields[name] or "" for name in ("cid", "provider", "circuit_type")}
        return netbox_circuit.CircuitOrder(**{**fields, **ends, **optional})

    def planner(self, orders: list[netbox_circuit.CircuitOrder], devices: list[dict[str, Any]]) -> Callable[[], Plan]:
        """What reads NetBox and plans."""

        def make_plan() -> Plan:
            snapshot = netbox_circuit.read(self.session, orders, present=self.present, predict=self.check)
            lay_over(self.session, snapshot.rows, self.params["overlay"])
            # Of every round: a router that an end has left is no longer there in the next.
            known = {item["name"] for item in devices}
            devices.extend(item for item in netbox_circuit.devices_of(orders, snapshot) if item["name"] not in known)
            plan = netbox_circuit_plan.plan_present if self.present else netbox_circuit_removal.plan_absent
            return plan(orders, snapshot)

        return make_plan

    def name_of(self, item: dict[str, Any]) -> str:
        """The circuit's id."""
        return str(item["cid"])
