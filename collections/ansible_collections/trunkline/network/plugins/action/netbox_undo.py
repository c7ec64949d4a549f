# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/netbox_undo.py for what it does and takes."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import diff_of
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import is_uuid
from ansible_collections.trunkline.network.plugins.module_utils.netbox_undo import requests_of, undo
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = {"written_as": {"type": "list", "elements": "str"}, "written_by": {"type": "str"}}
    RULES: ClassVar = {"required_one_of": [("written_as", "written_by")]}

    def work(self) -> dict[str, Any]:
        """Read the change log, and write what was before."""
        written_as = list(self.params["written_as"] or [])
        if self.params["written_by"]:
            written_as += requests_of(self.session, self.params["written_by"])
        if wrong := [given for given in written_as if not is_uuid(given)]:
            raise OrderError(f"written_as: {wrong[0]!r} is not a UUID. Take it from the result of the task to undo.")
        operations = undo(self.session, written_as, self.check)
        return {"changed": bool(operations), "operations": operations, "diff": diff_of(operations)}
