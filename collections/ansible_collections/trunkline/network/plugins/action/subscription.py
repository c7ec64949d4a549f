# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/subscription.py for what it does and takes."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.trunkline.network.plugins.module_utils.netbox_plan import diff_of
from ansible_collections.trunkline.network.plugins.plugin_utils.book_action import BookAction
from ansible_collections.trunkline.network.plugins.plugin_utils.order_book import (
    ENDED,
    WAITING,
    OrderBook,
    OrderBookError,
)

LIVING = "initial,provisioning,active,migrating,disabled"
NOT_IN_SERVICE = ("initial", "provisioning")
Record = dict[str, Any]


class RunFailedError(OrderBookError):
    """The run ended otherwise than it should, or has not ended in time; carries it."""

    def __init__(self, message: str, run: Record) -> None:
        super().__init__(message)
        self.run = run


class ActionModule(BookAction):
    """The action."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "id": {"type": "str"},
        "product": {"type": "str"},
        "customer": {"type": "str"},
        "input": {"type": "dict", "default": {}},
        "note": {"type": "str", "default": ""},
        "approval": {"type": "str", "choices": ["auto", "manual"], "default": "auto"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 900},
    }
    RULES: ClassVar[dict[str, Any]] = {
        "required_one_of": [("id", "product")],
        "mutually_exclusive": [("id", "product"), ("id", "customer")],
    }
    _book: OrderBook

    def work(self) -> Record:
        """Find the subscription, ask for what it lacks, follow the run."""
        self._book = self.book()
        try:
            return self._present() if self.params["state"] == "present" else self._absent()
        except RunFailedError as error:
            run = self._shown(error.run)
            return {"failed": True, "msg": str(error), "run": run, "error": error.run.get("error")}

    def _present(self) -> Record:
        if self.params["id"]:
            return self._as_ordered(self._book.get(f"subscriptions/{self.params['id']}"))
        if not self.params["customer"]:
            raise OrderBookError("customer: needed for a new order. Give its short name.")
        order = {name: self.params[name] for name in ("product", "customer", "input", "note", "approval")}
        try:
            return self._follow(self._book.create("subscriptions", {**order, "plan_only": self.check}))
        except OrderBookError as error:
            # Which order is the same order, the API knows: the one that holds what this one wants.
            holder = error.problem.get("subscription")
            if error.problem.get("type") != "urn:trunkline:problem:duplicate" or not holder:
                raise
            there = self._book.get(f"subscriptions/{holder}")
            if there["product"] != self.params["product"]:
                raise
            return self._as_ordered(there)

    def _as_ordered(self, there: Record) -> Record:
        """Make the subscription that is there what is ordered."""
        if waiting := self._settle(there):
            return self._result(changed=False, subscription=there, run=waiting)
        there = self._book.get(f"subscriptions/{there['id']}")
        changes = differing(self.params["input"], there["block"])
        path = f"subscriptions/{there['id']}"
        if changes:
            body = {"input": changes, "approval": self.params["approval"], "plan_only": self.check}
            return self._follow(self._book.send("PATCH", path, body))
        if there["status"] in NOT_IN_SERVICE or not there["insync"]:
            return self._follow(self._book.send("POST", f"{path}/resync{'?plan_only=true' if self.check else ''}"))
        return self._result(changed=False, subscription=there)

    def _absent(self) -> Record:
        there = self._find()
        if there is None or there["status"] == "terminated":
            return self._result(changed=False, subscription=there)
        if waiting := self._settle(there):
            return self._result(changed=False, subscription=there, run=waiting)
        query = f"approval={self.params['approval']}&plan_only={str(self.check).lower()}"
        return self._follow(self._book.send("DELETE", f"subscriptions/{there['id']}?{query}"))

    def _find(self) -> Record | None:
        if self.params["id"]:
            try:
                found: Record = self._book.get(f"subscriptions/{self.params['id']}")
            except OrderBookError as error:
                if error.status == 404:
                    return None
                raise
            return found
        if not self.params["input"]:
            raise OrderBookError("input: needed to find what is to go. Give what tells it apart, as its name.")
        rows = self._book.items("subscriptions", product=self.params["product"], status=LIVING)
        matching = [row for row in rows if not differing(self.params["input"], row["block"])]
        if len(matching) > 1:
            names = ", ".join(f"{row['description']} ({row['id']})" for row in matching)
            raise OrderBookError(f"input: {names} all match. Give more of it, or the id.")
        return matching[0] if matching else None

    def _settle(self, there: Record) -> Record | None:
        """Wait for the run that works on the subscription; returns one that waits for an approval, or that we do not
        wait for.
        """
        newest = self._book.get("runs", subscription=there["id"], limit=1, sort="-created_at")["items"]
        if not newest or newest[0]["status"] in ENDED:
            return None
        run: Record = newest[0]
        if self.params["wait"] and run["status"] not in WAITING:
            run = self._book.wait(run["id"], self.params["wait_timeout"])
        if run["status"] == "held":
            raise RunFailedError(self._complaint(run), run)
        return None if run["status"] in ENDED else run

    def _follow(self, run: Record) -> Record:
        """The task's result from a run that was just started."""
        if not (self.params["wait"] or self.check):
            return self._result(changed=True, subscription=run["subscription"], run=run)
        run = self._book.wait(run["id"], self.params["wait_timeout"])
        if run["status"] not in ("completed", "awaiting-approval"):
            raise RunFailedError(self._complaint(run), run)
        plan = self._plan(run)
        # A removal of what never came into being has no plan, and is one all the same.
        changed = plan is None or bool(plan["netbox"] or plan["devices"]) or not run["plan_only"]
        if run["target"] == "resync" and plan is not None:
            changed = bool(plan["netbox"] or plan["devices"])
        return self._result(changed=changed, subscription=run["subscription"], run=run, plan=plan)

    def _plan(self, run: Record) -> Record | None:
        try:
            plan: Record = self._book.get(f"runs/{run['id']}/plan")
        except OrderBookError as error:
            if error.status == 404:
                return None
            raise
        return plan

    def _complaint(self, run: Record) -> str:
        link = self._book.link(run["id"])
        if run["status"] not in (*ENDED, "held"):
            return f"wait_timeout: the run is still {run['status']} after {self.params['wait_timeout']} s. See {link}."
        error = run["error"] or {}
        where = "".join(
            f" {word} {error[key]}" for word, key in (("on", "host"), ("in task", "task")) if error.get(key)
        )
        return f"The run is {run['status']}: {error.get('title')}{where}: {error.get('detail')} See {link}."

    def _shown(self, run: Record) -> Record:
        return {
            **{name: run[name] for name in ("id", "target", "status", "created_by")},
            "link": self._book.link(run["id"]),
        }

    def _result(
        self, *, changed: bool, subscription: Record | None, run: Record | None = None, plan: Record | None = None
    ) -> Record:
        result: Record = {"changed": changed, "subscription": subscription}
        if run is not None:
            result["run"] = self._shown(run)
        if plan is not None:
            devices = [{"prepared": f"{device}\n{text}"} for device, text in plan["devices"].items()]
            result |= {"plan": plan, "diff": [diff_of(plan["netbox"]), *devices]}
        return result


def differing(wanted: Record, there: Record) -> Record:
    """What of `wanted` is not so in `there`, mapping by mapping."""
    found: Record = {}
    for name, value in wanted.items():
        if isinstance(value, dict) and isinstance(there.get(name), dict):
            if below := differing(value, there[name]):
                found[name] = below
        elif there.get(name) != value:
            found[name] = value
    return found
