# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/fabric_info.py for what it does and takes."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import Part, fabric_from
from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric_services import services_from
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction

PARTS = ("sites", "roles", "nodes", "node_status", "circuit_status")


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        **{name: {"type": "list", "elements": "str", "default": []} for name in PARTS},
        "services": {"type": "bool", "default": False},
    }

    def work(self) -> dict[str, Any]:
        """Two queries, for services a third, and what they say of the network."""
        part = Part(**{name: self.params[name] for name in PARTS})
        services = services_from(self.session) if self.params["services"] else {}
        return {"changed": False, **fabric_from(self.session, part), **services}
