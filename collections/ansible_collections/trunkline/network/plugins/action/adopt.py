# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/adopt.py for what it does and takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare
from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt import Candidate, Survey, survey
from ansible_collections.trunkline.network.plugins.module_utils.netbox_adopt_plan import overlays_of, plan_adoption
from ansible_collections.trunkline.network.plugins.module_utils.netbox_apply import converge
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import OrderError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import Part
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import is_uuid
from ansible_collections.trunkline.network.plugins.plugin_utils.netbox_action import NetBoxAction, result_of

if TYPE_CHECKING:
    from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import Plan

PARTS = ("sites", "roles", "nodes")
NAMES: dict[str, Any] = {"type": "list", "elements": "str", "default": []}


class ActionModule(NetBoxAction):
    """The action."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        **dict.fromkeys((*PARTS, "device_types"), NAMES),
        "namespace": {"type": "str"},
        "only": {"type": "list", "elements": "str"},
    }

    def work(self) -> dict[str, Any]:
        """Survey, plan, apply."""
        namespace = self.params["namespace"] or self.params["run"] or self.environment("TRUNKLINE_RUN")
        if not is_uuid(namespace or ""):
            raise OrderError(f"namespace: {namespace!r} is not a UUID. Make one with uuidgen, and keep it.")
        found = Survey([], [], [], {})
        part = Part(**{name: self.params[name] for name in PARTS})

        def make_plan() -> Plan:
            nonlocal found
            found = survey(self.session, part, self.params["device_types"], namespace)
            candidates = self._chosen(found)
            plan = plan_adoption(self.session, candidates)
            if self.params["only"] is not None:
                refuse_impossible(candidates)
            return plan

        outcome = converge(self.session, make_plan, self.check)
        adopted = {item["subscription"]: item for item in outcome.objects}
        return {
            **result_of(outcome),
            "written_as": self.session.written_as,
            "adopted": outcome.objects,
            "refused": [
                {"type": one.type, "name": one.name, "netbox_id": one.id, "cannot": one.cannot}
                for one in self._chosen(found)
                if one.subscription not in adopted
            ],
            "others": found.others,
            "overlays": overlays_of(outcome.objects),
            "devices": devices_of(found, outcome.objects),
        }

    def _chosen(self, found: Survey) -> list[Candidate]:
        candidates = [*found.nodes, *found.circuits]
        only = self.params["only"]
        if only is None:
            return candidates
        chosen = {one.subscription: one for one in candidates if one.subscription in only}
        if missing := [wanted for wanted in only if wanted not in chosen]:
            raise OrderError(
                f"only: {missing[0]} is no longer what this could adopt: it is gone from NetBox, or has been adopted. "
                "Look again at what there is."
            )
        return list(chosen.values())


def refuse_impossible(candidates: list[Candidate]) -> None:
    """Raise OrderError for the first that cannot be adopted."""
    for one in candidates:
        if one.cannot:
            raise OrderError(f"only: {one.name} cannot be adopted: {' '.join(one.cannot)}")


def devices_of(found: Survey, adopted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The routers that what is adopted concerns, for add_host: itself, or those that it ends on."""
    names = {item["name"] for item in adopted if "name" in item}
    names |= {item[side]["node"] for item in adopted if "cid" in item for side in ("a", "z")}
    routers = (found.routers[name] for name in sorted(names))
    return [
        {"name": router["name"], "address": bare(router["management"]), "platform": router["platform"]}
        for router in routers
        if router["management"] and router["platform"]
    ]
