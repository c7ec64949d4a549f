"""Orders over the REST API, as any client would place them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from trunkline.dev.errors import DevError
from trunkline.dev.scenario import Circuit, Node, Scenario

_DONE = {"completed", "failed", "rolled-back", "cancelled"}
_POLL_S = 0.5
_RUN_TIMEOUT_S = 300


@dataclass
class Order:
    """One order and what became of it."""

    name: str
    product: str
    input: dict[str, Any]
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The run's status; empty before there is one."""
        return str(self.run.get("status", ""))

    @property
    def seconds(self) -> float:
        """How long the run took, or has taken so far."""
        if not self.run:
            return 0
        end = datetime.fromisoformat(self.run["finished_at"]) if self.run["finished_at"] else datetime.now(UTC)
        return (end - datetime.fromisoformat(self.run["created_at"])).total_seconds()

    @property
    def changed(self) -> bool:
        """Whether something was made, not just looked at."""
        return self.run.get("target") != "validate"

    @property
    def done(self) -> bool:
        """Whether the run has ended, one way or the other."""
        return self.status in _DONE


class Client:
    """The few calls that a demo makes of /api/v1. A context manager: its connections end with the block."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections to the API."""
        self._http.close()

    def ensure_customers(self, scenario: Scenario) -> None:
        """Make the customers that are not there yet."""
        known = {customer["shortcode"] for customer in self._items("customers")}
        for customer in scenario.customers:
            if customer.shortcode not in known:
                self._call("POST", "customers", json=customer.model_dump())

    def orders(self, scenario: Scenario) -> tuple[list[Order], list[Order]]:
        """The scenario's orders: nodes, and the circuits that need them."""
        slugs = {product["name"]: product["slug"] for product in self._items("products")}

        def slug(order: Node | Circuit) -> str:
            if order.product not in slugs:
                raise DevError(f"product: there is no {order.product!r}; there are {', '.join(sorted(slugs))}.")
            return str(slugs[order.product])

        nodes = [
            Order(node.name, slug(node), node.model_dump(include={"name", "site", "role", "management"}))
            for node in scenario.nodes
        ]
        circuits = [
            Order(circuit.name, slug(circuit), circuit.model_dump(include={"a", "z", "isis_metric"}))
            for circuit in scenario.circuits
        ]
        return nodes, circuits

    def place(self, orders: list[Order], customer: str, progress: Callable[[], None]) -> None:
        """Order what is not there, prove what is there, and wait for all. `progress` is called while it waits."""
        existing = {
            _key(item["product"], item["block"]): item
            for item in self._items("subscriptions")
            if item["status"] != "terminated"
        }
        for order in orders:
            subscription = existing.get(_key(order.product, order.input))
            order.run = self._order(order, customer) if subscription is None else self._again(subscription)
        self.wait(orders, progress)

    def wait(self, orders: list[Order], progress: Callable[[], None]) -> None:
        """Follow the orders' runs to their ends."""
        deadline = time.monotonic() + _RUN_TIMEOUT_S
        while waiting := [order for order in orders if not order.done]:
            if time.monotonic() > deadline:
                raise DevError(f"{waiting[0].name}: the run {waiting[0].run['id']} did not end in {_RUN_TIMEOUT_S} s.")
            for order in waiting:
                self._follow(order)
            progress()
            time.sleep(_POLL_S)

    def terminate(self, orders: list[Order], progress: Callable[[], None]) -> None:
        """Order the end of what was ordered, and wait for it."""
        for order in orders:
            order.run = self._call("DELETE", f"subscriptions/{order.run['subscription']['id']}")
        self.wait(orders, progress)

    def events(self, order: Order) -> list[dict[str, Any]]:
        """The events of the order's run, oldest first."""
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self._call("GET", f"runs/{order.run['id']}/events", params={"after": str(after)})
            found += page["items"]
            after = page["next_after"]
        return found

    def _follow(self, order: Order) -> None:
        order.run = self._call("GET", f"runs/{order.run['id']}")
        if order.run["drift"]:
            # It is no longer as ordered, in NetBox or on a router: put it back.
            order.run = self._call("POST", f"subscriptions/{order.run['subscription']['id']}/resync")

    def _order(self, order: Order, customer: str) -> dict[str, Any]:
        body = {"product": order.product, "customer": customer, "approval": "auto", "input": order.input}
        return self._call("POST", "subscriptions", json=body)

    def _again(self, subscription: dict[str, Any]) -> dict[str, Any]:
        """For what was ordered earlier: retry what failed, follow what runs, validate what stands."""
        newest = {"subscription": subscription["id"], "sort": "-created_at", "limit": "1"}
        (run,) = self._call("GET", "runs", params=newest)["items"]
        if run["status"] not in _DONE:
            return dict(run)
        if subscription["status"] == "active":
            return self._call("POST", f"subscriptions/{subscription['id']}/validate")
        return self._call("POST", f"runs/{run['id']}/retry")

    def _items(self, path: str) -> Iterator[dict[str, Any]]:
        params: dict[str, str] = {}
        while True:
            page = self._call("GET", path, params=params)
            yield from page["items"]
            if not page.get("next"):
                return
            params = {"cursor": page["next"]}

    def _call(
        self, method: str, path: str, params: dict[str, str] | None = None, json: object = None
    ) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, params=params, json=json)
        except httpx.HTTPError as error:
            raise DevError(f"The API does not answer ({error}); its log is in .trunkline/*/log/api.log") from error
        body = response.json()
        if response.is_error:
            raise DevError(f"{method} {path}: {body.get('title')}: {body.get('detail')}")
        return dict(body)


def _key(product: str, block: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two orders the same order."""
    if "name" in block:
        return (product, block["name"])
    ends = sorted((block[end]["node"], block[end]["interface"]) for end in ("a", "z") if end in block)
    return (product, *ends)
