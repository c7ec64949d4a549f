# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/circuit.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import (
    netbox_circuit,
    netbox_circuit_plan,
    netbox_circuit_removal,
)
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

END: dict[str, Any] = {
    "node": {"type": "str", "required": True},
    "interface": {"type": "str", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "subscription": {"type": "str", "required": True},
    "a": {"type": "dict", "options": END},
    "z": {"type": "dict", "options": END},
    "status": {"type": "str", "choices": list(netbox_circuit.STATUS), "default": "provisioning"},
    "cid": {"type": "str"},
    "isis_metric": {"type": "int", "default": 10},
    "under_maintenance": {"type": "bool", "default": False},
    "speed_mbps": {"type": "int", "default": 10000},
    "provider": {"type": "str", "default": "trunkline"},
    "circuit_type": {"type": "str", "default": "core-link"},
    "pool": {"type": "str", "default": "core-link"},
}
HIGHEST_METRIC = 16777214


def order_of(params: dict[str, Any]) -> netbox_circuit.CircuitOrder:
    """The order that the arguments describe. Raises OrderError."""
    if not 1 <= params["isis_metric"] <= HIGHEST_METRIC:
        raise OrderError(f"isis_metric: {params['isis_metric']} is not between 1 and {HIGHEST_METRIC}.")
    if params["speed_mbps"] < 1:
        raise OrderError(f"speed_mbps: {params['speed_mbps']} is not a speed.")
    fields = {name: params[name] for name in ARGUMENTS if name not in ("state", "a", "z")}
    ends = {side: netbox_circuit.End(**params[side]) if params[side] else netbox_circuit.NOWHERE for side in ("a", "z")}
    return netbox_circuit.CircuitOrder(
        **{**fields, **ends, "cid": params["cid"] or "", "subscription": subscription_of(params)}
    )


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = ARGUMENTS
    REQUIRED_IF: ClassVar = [("state", "present", ["a", "z"])]

    def work(self) -> dict[str, Any]:
        """Read, plan, apply."""
        orders = [order_of(self.params)]
        present = self.params["state"] == "present"
        devices: list[dict[str, Any]] = []

        def make_plan() -> Plan:
            snapshot = netbox_circuit.read(self.session, orders, present=present, predict=self.check)
            found = netbox_circuit.devices_of(orders, snapshot.rows)
            devices.extend(item for item in found if item not in devices)
            plan = netbox_circuit_plan.plan_present if present else netbox_circuit_removal.plan_absent
            return plan(orders, snapshot)

        outcome = converge(self.session, make_plan, self.check)
        circuit = outcome.objects[0]
        activation = (
            activation_of("circuits.circuit", circuit["cid"], orders[0], netbox_circuit.STATUS) if present else []
        )
        return {**result_of(outcome), "circuit": circuit, "devices": devices, "activation": activation}
