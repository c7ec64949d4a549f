# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/device_intent.py for what it does and takes."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils import netbox_intent
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction

ARGUMENTS: dict[str, Any] = {
    "device": {"type": "str", "required": True},
    "overlay": {"type": "list", "elements": "dict", "default": []},
    "config_context": {"type": "str", "default": "trunkline"},
    "platform": {"type": "str", "default": ""},
}


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = ARGUMENTS

    def work(self) -> dict[str, Any]:
        """One query, and what it means for the device."""
        params = self.params
        intent = netbox_intent.intent_from(
            self.session, params["device"], params["overlay"], params["config_context"], params["platform"]
        )
        return {"changed": False, "intent": intent}
