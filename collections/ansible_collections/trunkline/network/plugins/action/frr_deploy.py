# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/frr_deploy.py for what it does and takes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, ClassVar

from ansible.template import trust_as_template

from ansible_collections.trunkline.network.plugins.module_utils import netbox_intent
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import DeviceRefusedError, NetBoxAction

TEMPLATE_OVERRIDES = {"trim_blocks": True, "lstrip_blocks": False}


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar = {
        "device": {"type": "str"},
        "overlay": {"type": "list", "elements": "dict", "default": []},
        "intent": {"type": "dict"},
        "config_context": {"type": "str", "default": "trunkline"},
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
            intent = self.params["intent"] or self._intent()
            push = self._device(
                "frr_config",
                config=self._render(intent),
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

    def _intent(self) -> dict[str, Any]:
        device = self.params["device"] or self.task_vars["inventory_hostname"]
        return netbox_intent.intent_from(self.session, device, self.params["overlay"], self.params["config_context"])

    def _render(self, intent: dict[str, Any]) -> str:
        path = Path(self._find_needle("templates", self.params["template"]))
        text = trust_as_template(path.read_text(encoding="utf-8"))
        templar = self._templar.copy_with_new_env(
            searchpath=[str(path.parent)], available_variables={**self.task_vars, "intent": intent}
        )
        return str(templar.template(text, escape_backslashes=False, overrides=TEMPLATE_OVERRIDES) or "")

    def _device(self, module: str, **arguments: object) -> dict[str, Any]:
        """Run one of the collection's modules on the device. A failure is the task's own."""
        answer: dict[str, Any] = self._execute_module(
            module_name=f"trunkline.network.{module}", module_args=arguments, task_vars=self.task_vars
        )
        if answer.get("failed"):
            raise DeviceRefusedError(answer)
        return answer
