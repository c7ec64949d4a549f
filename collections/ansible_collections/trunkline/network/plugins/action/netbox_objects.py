# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/netbox_objects.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_objects
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import ENDPOINTS, converge
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction, result_of

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

GROUP: dict[str, Any] = {
    "type": {"type": "str", "required": True, "choices": sorted(netbox_objects.KEYS)},
    "items": {"type": "list", "elements": "dict", "required": True},
    "correct": {"type": "bool", "default": True},
}
ARGUMENTS: dict[str, Any] = {"objects": {"type": "list", "elements": "dict", "required": True, "options": GROUP}}


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = ARGUMENTS

    def work(self) -> dict[str, Any]:
        """Read, plan, apply."""
        groups = [
            netbox_objects.Declared(item["type"], item["items"], item["correct"])
            for item in self.params["objects"]
            if item["items"]
        ]

        def make_plan() -> Plan:
            return netbox_objects.plan(groups, netbox_objects.read(self.session, groups, ENDPOINTS))

        return result_of(converge(self.session, make_plan, self.check))
