# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What the deployments to all platforms share: the intent, and its text through the platform's template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.template import trust_as_template

from ansible_collections.trunkline.network.plugins.module_utils import netbox_intent
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction

INTENT_ARGUMENTS: dict[str, Any] = {
    "device": {"type": "str"},
    "overlay": {"type": "list", "elements": "dict", "default": []},
    "intent": {"type": "dict"},
    "config_context": {"type": "str", "default": "trunkline"},
}
TEMPLATE_OVERRIDES = {"trim_blocks": True, "lstrip_blocks": False}


class DeployAction(NetBoxAction):
    """One deployment; a subclass has the arguments `INTENT_ARGUMENTS` and `template`, and pushes the text."""

    def intent(self) -> dict[str, Any]:
        """What the device must carry: what the task was given, else what NetBox says now. Raises NetBoxError."""
        if self.params["intent"]:
            return dict(self.params["intent"])
        device = self.params["device"] or self.task_vars["inventory_hostname"]
        return netbox_intent.intent_from(self.session, device, self.params["overlay"], self.params["config_context"])

    def leaving(self) -> str:
        """The text of what NetBox wants until the planned removals are done; empty where none is planned.

        A router that was adopted has it, and no record of it until it is pushed to.
        """
        if self.params["intent"] or not any(item["op"] == "delete" for item in self.params["overlay"]):
            return ""
        device = self.params["device"] or self.task_vars["inventory_hostname"]
        return self.render(netbox_intent.intent_from(self.session, device, [], self.params["config_context"]))

    def render(self, intent: dict[str, Any]) -> str:
        """The text that the template makes of the intent."""
        path = Path(self._find_needle("templates", self.params["template"]))
        text = trust_as_template(path.read_text(encoding="utf-8"))
        templar = self._templar.copy_with_new_env(
            searchpath=[str(path.parent)], available_variables={**self.task_vars, "intent": intent}
        )
        return str(templar.template(text, escape_backslashes=False, overrides=TEMPLATE_OVERRIDES) or "")
