# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/srlinux_deploy.py for what it does and takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_push import push
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import ConfigError, Place, Wanted, split
from ansible_collections.trunkline.network.plugins.plugin_utils.deploy_action import INTENT_ARGUMENTS, DeployAction
from ansible_collections.trunkline.network.plugins.plugin_utils.srlinux_action import (
    CONNECTION,
    PUSH,
    SrlinuxAction,
    result_of,
)


class ActionModule(SrlinuxAction, DeployAction):
    """The action."""

    ARGUMENTS: ClassVar = {
        **CONNECTION,
        **INTENT_ARGUMENTS,
        **PUSH,
        "template": {"type": "str", "default": "srlinux.json.j2"},
        "own_hostname": {"type": "bool", "default": True},
    }

    def work(self) -> dict[str, Any]:
        """Intent, configuration, push; both are made anew under the lease."""
        with self.refusals_told():
            terms = self.terms()
            terms = replace(terms, also_owned=terms.also_owned | self._leaving())
            outcome = push(self.router(), self._wanted, terms, self.check)
        return {**result_of(outcome), "intent": self._intent, "config": self._config}

    def _leaving(self) -> frozenset[Place]:
        text = self.leaving()
        return frozenset(split(json.loads(text)).owned) if text else frozenset()

    def _wanted(self) -> Wanted:
        self._intent = self.intent()
        text = self.render(self._intent)
        try:
            self._config = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"template {self.params['template']}: not JSON once it is filled in: {error}") from error
        wanted = split(self._config)
        if not (self.params["own_hostname"] and self._intent["loopback"]):
            return wanted
        return Wanted(wanted.owned, {**wanted.shared, "/system/name": {"host-name": self._intent["hostname"]}})
