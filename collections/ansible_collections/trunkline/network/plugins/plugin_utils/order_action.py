# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the actions node, circuit, port and l2vpn share: one order by its own arguments, or many by a list of them."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import Outcome, converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import diff_of
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import is_uuid
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trunkline.network.plugins.module_utils.netbox_circuit import CircuitOrder
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_l2vpn import L2vpnOrder
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_port import PortOrder

    Order = NodeOrder | CircuitOrder | PortOrder | L2vpnOrder

STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}


def arguments_of(plural: str, options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an action: those of one order, or the list `plural` of them."""
    single = {name: {**spec, "required": False} for name, spec in options.items()}
    many = {"type": "list", "elements": "dict", "options": options}
    return {"state": STATE, "overlay": {"type": "list", "elements": "dict", "default": []}, plural: many, **single}


def rules_of(plural: str, named_by: tuple[str, ...]) -> dict[str, Any]:
    """The rules between them. `named_by` are the arguments that one order cannot do without."""
    return {
        "required_one_of": [(named_by[0], plural)],
        "mutually_exclusive": [(name, plural) for name in named_by],
        "required_by": {named_by[0]: named_by[1:]},
    }


class OrderAction(NetBoxAction):
    """An action that makes or removes what is ordered, one or many in one call: all of them, or none."""

    SINGULAR: ClassVar[str]
    PLURAL: ClassVar[str]
    OPTIONS: ClassVar[dict[str, Any]]
    NEEDED: ClassVar[tuple[str, ...]]
    TYPE: ClassVar[str]
    STATUS: ClassVar[dict[str, str]]

    @abstractmethod
    def order_of(self, fields: dict[str, Any]) -> Order:
        """The order that these arguments describe. Raises OrderError."""

    @abstractmethod
    def planner(self, orders: list[Any], devices: list[dict[str, Any]]) -> Callable[[], Plan]:
        """What reads NetBox and plans, and notes in `devices` the routers that the orders concern."""

    @abstractmethod
    def name_of(self, item: dict[str, Any]) -> str:
        """The object's name in NetBox, of an object as the action returns it."""

    @property
    def present(self) -> bool:
        """Whether the orders are to be carried out, not removed."""
        return bool(self.params["state"] == "present")

    def work(self) -> dict[str, Any]:
        """Read, plan, apply."""
        devices: list[dict[str, Any]] = []
        if self.params["overlay"] and not self.check:
            raise OrderError("overlay: only a plan can build upon a plan. Leave it out, or use check mode.")
        orders = self._orders()
        # Of no orders there is nothing to read.
        outcome = converge(self.session, self.planner(orders, devices), self.check) if orders else Outcome([], [])
        operations = outcome.operations
        result = {
            "changed": bool(operations),
            "operations": operations,
            "diff": diff_of(operations),
            "written_as": self.session.written_as,
            "devices": devices,
            "activation": [
                operation
                for order, item in zip(orders, outcome.objects, strict=True)
                for operation in self._activation(order, item)
            ],
        }
        return {**result, **({self.PLURAL: outcome.objects} if self._many else {self.SINGULAR: outcome.objects[0]})}

    @property
    def _many(self) -> bool:
        return self.params[self.PLURAL] is not None

    def _orders(self) -> list[Order]:
        if not self._many:
            return [self._order(self.params)]
        orders = []
        seen: dict[str, int] = {}
        for number, item in enumerate(self.params[self.PLURAL]):
            where = f"{self.PLURAL}[{number}]"
            try:
                order = self._order(item)
            except OrderError as error:
                raise OrderError(f"{where}.{error}") from error
            if order.subscription in seen:
                first = f"{self.PLURAL}[{seen[order.subscription]}]"
                raise OrderError(
                    f"{where}.subscription: {order.subscription} is that of {first}, too. Give each its own."
                )
            seen[order.subscription] = number
            orders.append(order)
        return orders

    def _order(self, given: dict[str, Any]) -> Order:
        fields = {name: given[name] for name in self.OPTIONS}
        if not is_uuid(fields["subscription"]):
            wrong = fields["subscription"]
            raise OrderError(f"subscription: {wrong!r} is not a UUID. Take the order's id, or make one with uuidgen.")
        missing = [name for name in self.NEEDED if self.present and not fields[name]]
        if missing:
            raise OrderError(f"{missing[0]}: needed for state=present. Give {' and '.join(missing)}.")
        return self.order_of({**fields, "subscription": str(uuid.UUID(fields["subscription"]))})

    def _activation(self, order: Order, item: dict[str, Any]) -> list[dict[str, Any]]:
        """The operation that a later call with status active will do, so that a plan can show it."""
        before, after = self.STATUS.get("provisioning"), self.STATUS.get("active")
        if not self.present or order.status != "provisioning" or before is None or item["status"] != before:
            return []
        change = {"before": {"status": before}, "after": {"status": after}}
        name = self.name_of(item)
        return [{"op": "update", "type": self.TYPE, "name": name, **change, "subscription": order.subscription}]
