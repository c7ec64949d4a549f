# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/srlinux_config.py for what it does and takes."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_push import push
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import split
from ansible_collections.trunkline.network.plugins.plugin_utils.srlinux_action import (
    CONNECTION,
    PUSH,
    SrlinuxAction,
    result_of,
)


class ActionModule(SrlinuxAction):
    """The action."""

    CONNECTION: ClassVar = CONNECTION
    ARGUMENTS: ClassVar = {**PUSH, "config": {"type": "dict", "required": True}}

    def work(self) -> dict[str, Any]:
        """One push of the configuration as it was given."""
        with self.refusals_told():
            wanted = split(self.params["config"])
            return result_of(push(self.router(), lambda: wanted, self.terms(), self.check))
