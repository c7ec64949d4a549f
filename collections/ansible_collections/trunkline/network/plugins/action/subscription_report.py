# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""See plugins/modules/subscription_report.py for what it does and takes."""

from __future__ import annotations

import getpass
import socket
from typing import Any, ClassVar

from ansible.utils.vars import merge_hash

from ansible_collections.trunkline.network.plugins.plugin_utils.book_action import BookAction
from ansible_collections.trunkline.network.plugins.plugin_utils.order_book import OrderBook, OrderBookError

SUBSCRIPTION: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "product": {"type": "str", "required": True},
    "customer": {"type": "str", "required": True},
    "status": {"type": "str", "default": "active", "choices": ["provisioning", "active", "migrating", "disabled"]},
    "block": {"type": "dict", "default": {}},
    "learned": {"type": "dict", "default": {}},
}


class ActionModule(BookAction):
    """The action."""

    ARGUMENTS: ClassVar[dict[str, Any]] = {
        "subscriptions": {"type": "list", "elements": "dict", "default": [], "options": SUBSCRIPTION},
        "terminated": {"type": "list", "elements": "str", "default": []},
        "plan": {"type": "dict", "default": {}},
    }

    _book: OrderBook

    def work(self) -> dict[str, Any]:
        """Tell the order book of each."""
        if reason := self._no_need():
            return {"changed": False, "skipped": True, "skip_reason": reason}
        self._book = self.book()
        runs = [self._tell(one, {"status": "terminated"}) for one in self.params["terminated"]]
        runs += [self._tell(one["id"], self._in_service(one)) for one in self.params["subscriptions"]]
        new = [run for run in runs if run]
        return {"changed": bool(new), "runs": new}

    def _no_need(self) -> str:
        if self.environment("TRUNKLINE_RUN"):
            return "The order book launched this run, and knows."
        if not self.given("trunkline_url"):
            return "TRUNKLINE_URL is not set: there is no order book."
        return "A plan is not reported." if self.check else ""

    def _tell(self, subscription: str, report: dict[str, Any]) -> str | None:
        """The run that keeps the report; None when nothing was new."""
        who = f"{getpass.getuser()}@{socket.gethostname()}"
        try:
            answer = self._book.send(
                "PUT", f"reports/{subscription}", {**report, "plan": self.params["plan"], "by": who}
            )
        except OrderBookError as error:
            if error.status == 404 and report["status"] == "terminated":
                return None  # It never knew.
            raise OrderBookError(
                f"{error} What the playbook did stands, but the order book does not know of {subscription}. "
                "Mend that and run the playbook again: it changes nothing, and reports.",
                error.problem,
            ) from error
        run: str | None = answer["run"]
        return run

    def _in_service(self, item: dict[str, Any]) -> dict[str, Any]:
        # A playbook that has come to its end has put into service what was being provisioned.
        status = "active" if item["status"] == "provisioning" else item["status"]
        block = merge_hash(item["block"], item["learned"])
        return {"product": item["product"], "customer": item["customer"], "status": status, "block": block}
