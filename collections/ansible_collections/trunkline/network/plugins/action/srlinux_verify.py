# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/srlinux_verify.py for what it does and takes."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.proof_checks import Check, checks
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_proof import answered, look, ping, questions
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_rpc import Router, RouterError, SilentError
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_tree import ConfigError
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import DeviceRefusedError
from ansible_collections.trunkline.network.plugins.plugin_utils.srlinux_action import CONNECTION, SrlinuxAction

POLL_S = 0.5
INTERFACE = {
    "name": {"type": "str", "required": True},
    "ipv4": {"type": "str"},
    "ipv6": {"type": "str"},
    "neighbor": {"type": "str"},
}
PING = {"source": {"type": "str", "required": True}, "destination": {"type": "str", "required": True}}


class ActionModule(SrlinuxAction):
    """The action."""

    CONNECTION: ClassVar = CONNECTION
    ARGUMENTS: ClassVar = {
        "interfaces": {"type": "list", "elements": "dict", "default": [], "options": INTERFACE},
        "pings": {"type": "list", "elements": "dict", "default": [], "options": PING},
        "timeout_s": {"type": "int", "default": 60},
    }

    def work(self) -> dict[str, Any]:
        """Look until all is proved or the time is up; fail with what is not."""
        if self.check:
            return {"changed": False, "checks": [], "seconds": 0.0}
        with self.refusals_told():
            router = self.router()
            proved, seconds = self._wait(router, self._wanted())
        answer = {"checks": [asdict(check) for check in proved], "seconds": seconds}
        unproved = [check.sentence(router.name) for check in proved if not check.is_proved]
        if unproved:
            msg = f"not working after {seconds:g} s: {'; '.join(unproved)}"
            raise DeviceRefusedError({"failed": True, "msg": msg, **answer})
        return {"changed": False, **answer}

    def _wanted(self) -> list[Check]:
        try:
            return checks(self.params["interfaces"], self.params["pings"])
        except ValueError as error:
            raise ConfigError(
                f"interfaces, pings: {error}; write addresses as 10.0.1.0/31 or fc00:0:1::/127"
            ) from error

    def _wait(self, router: Router, wanted: list[Check]) -> tuple[list[Check], float]:
        started = time.monotonic()
        while True:
            wanted = self._look(router, wanted, started)
            seconds = _since(started)
            if all(check.is_proved for check in wanted) or seconds >= self.params["timeout_s"]:
                return wanted, seconds
            time.sleep(POLL_S)

    def _look(self, router: Router, wanted: list[Check], started: float) -> list[Check]:
        """The checks with what is found now; pings only until the time is up, for each may take a second."""
        asked = questions([check for check in wanted if not check.is_proved])
        found = dict(zip(asked, router.get(*asked), strict=True)) if asked else {}
        looked = []
        for check in wanted:
            if check.is_proved:
                looked.append(check)
            elif check.kind != "ping":
                looked.append(look(check, found, _since(started)))
            elif _since(started) >= self.params["timeout_s"]:
                looked.append(check)
            else:
                looked.append(self._ping(router, check, started))
        return looked

    def _ping(self, router: Router, check: Check, started: float) -> Check:
        try:
            said = router.cli(ping(check))
        except SilentError:
            raise
        except RouterError as error:
            said = str(error)
        return answered(check, said, _since(started))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)
