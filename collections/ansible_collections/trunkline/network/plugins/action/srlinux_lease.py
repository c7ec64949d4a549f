# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/srlinux_lease.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_push import keep
from ansible_collections.trunkline.network.plugins.module_utils.srlinux_records import (
    LeaseError,
    give_back,
    owner_of,
    read_records,
    take,
)
from ansible_collections.trunkline.network.plugins.plugin_utils.srlinux_action import CONNECTION, SrlinuxAction

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.srlinux_rpc import Router


class ActionModule(SrlinuxAction):
    """The action."""

    CONNECTION: ClassVar = CONNECTION
    ARGUMENTS: ClassVar = {
        "state": {"type": "str", "choices": ["present", "absent", "confirmed"], "default": "present"},
        "owner": {"type": "str"},
        "ttl_s": {"type": "int", "default": 120},
        "wait_s": {"type": "int", "default": 60},
    }
    RULES: ClassVar = {"required_if": [["state", "absent", ["owner"]], ["state", "confirmed", ["owner"]]]}

    def work(self) -> dict[str, Any]:
        """Take, give back or confirm."""
        params = self.params
        owner = owner_of(params["owner"]) if params["owner"] else self.new_owner()
        with self.refusals_told():
            router = self.router()
            if params["state"] == "present":
                return self._take(router, owner)
            if params["state"] == "confirmed":
                self._confirm(router, owner)
            elif self.check:
                return {"changed": read_records(router).held_by(owner) is not None, "lease": None}
            undo = params["state"] == "absent"
            return {"changed": True if self.check else give_back(router, owner, undo), "lease": None}

    def _take(self, router: Router, owner: str) -> dict[str, Any]:
        if self.check:
            others = read_records(router).others(owner)
            if others:
                raise LeaseError(f"{router.name}: the lease of this router is held by '{others[0].owner}'")
        else:
            take(router, owner, self.params["ttl_s"], self.params["wait_s"])
        return {"changed": True, "lease": {"owner": owner, "ttl_s": float(self.params["ttl_s"])}}

    def _confirm(self, router: Router, owner: str) -> None:
        lease = read_records(router).held_by(owner)
        if lease is None or not lease.changed:
            raise LeaseError(
                f"{router.name}: nothing of '{owner}' waits to be confirmed: the router has taken it back by itself, "
                "or it was confirmed or rejected before"
            )
        if not self.check:
            keep(router)
