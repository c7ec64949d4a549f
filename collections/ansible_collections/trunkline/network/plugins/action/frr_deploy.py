# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/frr_deploy.py for what it does and takes."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.plugin_utils.deploy_action import INTENT_ARGUMENTS, DeployAction
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import DeviceRefusedError


class ActionModule(DeployAction):
    """The action."""

    ARGUMENTS: ClassVar = {
        **INTENT_ARGUMENTS,
        "template": {"type": "str", "default": "frr.conf.j2"},
        "also_owned": {"type": "list", "elements": "str", "default": []},
        "lease": {"type": "str", "default": ""},
        "confirm_s": {"type": "int", "default": 0},
        "lease_ttl_s": {"type": "int", "default": 120},
        "lease_wait_s": {"type": "int", "default": 60},
    }

    def work(self) -> dict[str, Any]:
        """Lease, intent, configuration, push. A lease taken here is given back, whatever happens."""
        given = self.params["lease"]
        if self.params["confirm_s"] and not given:
            raise OrderError("confirm_s: needs lease: who is to confirm? Take one with frr_lease.")
        owner = given if given or self.check else self._take_lease()
        try:
            # Under the lease: an intent read before another run's change could be pushed after it.
            intent = self._intent_while_connecting() if self.check else self.intent()
            held = {"lease": owner, "confirm_s": self.params["confirm_s"]} if owner and not self.check else {}
            also_owned = [*self.params["also_owned"], *headers_of(self.leaving())]
            push = self._device("frr_config", config=self.render(intent), also_owned=also_owned, **held)
            if intent.get("ports") or push.get("has_links"):
                push = together(push, self._device("frr_links", **links_of(intent), **held))
        finally:
            if owner and not given:
                # A refusal here must not hide why the push failed; the lease ends by itself.
                with contextlib.suppress(DeviceRefusedError):
                    self._device("frr_lease", state="absent", owner=owner)
        return {**push, "intent": intent}

    def _intent_while_connecting(self) -> dict[str, Any]:
        """The intent; meanwhile the router is connected to, which in a check nothing has spoken to yet."""
        with ThreadPoolExecutor(1) as threads:
            connected = threads.submit(self._connection.exec_command, "true", sudoable=False)
            intent = self.intent()
            connected.result()
        return intent

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


def headers_of(config: str) -> list[str]:
    """The headers of the stanzas of a configuration."""
    return [line for line in config.splitlines() if line[:1].isalpha() and not line.startswith("exit")]


def links_of(intent: dict[str, Any]) -> dict[str, Any]:
    """What frr_links is to make for the intent."""
    return {
        "ports": [{"interface": port["interface"], "mtu": port["mtu"]} for port in intent.get("ports", [])],
        "l2vpns": [
            {
                "name": l2vpn["name"],
                "vni": l2vpn["vni"],
                "local": intent["loopback"]["ipv4"].partition("/")[0],
                "saps": l2vpn["saps"],
            }
            for l2vpn in intent.get("l2vpns", [])
        ],
    }


def together(push: dict[str, Any], links: dict[str, Any]) -> dict[str, Any]:
    """What the pushes of configuration and of links answered, as one."""
    return {
        **push,
        "changed": push["changed"] or links["changed"],
        "unconfirmed": push["unconfirmed"] or links["unconfirmed"],
        "diff": {"prepared": push["diff"]["prepared"] + links["diff"]["prepared"]},
    }
