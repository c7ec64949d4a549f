# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/frr_deploy.py for what it does and takes."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.plugin_utils.deploy_action import INTENT_ARGUMENTS, DeployAction
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import DeviceRefusedError


class ActionModule(DeployAction):
    """The action."""

    ARGUMENTS: ClassVar = {
        **INTENT_ARGUMENTS,
        "template": {"type": "str", "default": "frr.conf.j2"},
        "also_owned": {"type": "list", "elements": "str", "default": []},
        "lease_ttl_s": {"type": "int", "default": 120},
        "lease_wait_s": {"type": "int", "default": 60},
    }

    def work(self) -> dict[str, Any]:
        """Lease, intent, configuration, push; the lease is given back whatever happens."""
        owner = "" if self.check else self._take_lease()
        released = False
        try:
            # Under the lease: an intent read before another run's change could be pushed after it.
            intent = self.intent()
            push = self._device(
                "frr_config",
                config=self.render(intent),
                also_owned=self.params["also_owned"],
                **({"lease": owner, "release": True} if owner else {}),
            )
            released = bool(push.get("released"))
        finally:
            if owner and not released:
                # A refusal here must not hide why the push failed; the lease ends by itself.
                with contextlib.suppress(DeviceRefusedError):
                    self._device("frr_lease", state="absent", owner=owner)
        return {**push, "intent": intent}

    def _take_lease(self) -> str:
        wanted = self.environment("TRUNKLINE_RUN")
        lease = self._device(
            "frr_lease",
            ttl_s=self.params["lease_ttl_s"],
            wait_s=self.params["lease_wait_s"],
            **({"owner": wanted} if wanted else {}),
        )
        return str(lease["lease"]["owner"])

    def _device(self, module: str, **arguments: object) -> dict[str, Any]:
        """Run one of the collection's modules on the device. A failure is the task's own."""
        answer: dict[str, Any] = self._execute_module(
            module_name=f"trunkline.network.{module}", module_args=arguments, task_vars=self.task_vars
        )
        if answer.get("failed"):
            raise DeviceRefusedError(answer)
        return answer
