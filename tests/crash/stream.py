"""A stream of orders from clients that try again while the API is away, and write down what they were promised."""

import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.api.live_service import Service

ENDED = {"completed", "failed", "rolled-back", "cancelled"}
_AWAY = (500, 502, 503, 504, 429)
_ANSWERS_WITHIN_S = 120.0
_LOOK_S = 0.5
_TRIES = 3


@dataclass
class Placed:
    """One order: its run, and the ids of the events that were seen while it ran."""

    target: str
    run_id: str
    subscription_id: str
    seen: set[int] = field(default_factory=set)
    run: dict[str, Any] = field(default_factory=dict)


class Client:
    """One who orders. May be used by one thread."""

    def __init__(self, service: Service, placed: list[Placed]) -> None:
        self._http = httpx.Client(
            base_url=service.url, headers={"Authorization": f"Bearer {service.token}"}, timeout=10, trust_env=False
        )
        self._placed = placed

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The answer, however often it takes to get one."""
        if method != "GET":
            more["headers"] = {"Idempotency-Key": str(uuid.uuid4())}
        deadline = time.monotonic() + _ANSWERS_WITHIN_S
        problem = ""
        while True:
            try:
                answer = self._http.request(method, path, **more)
                if answer.status_code not in _AWAY:
                    if problem and "run" in answer.json():
                        # The answer was lost, and what now stands in the way is what was asked for.
                        return self.call("GET", f"/runs/{answer.json()['run']}")
                    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
                    return answer.json()
                problem = f"{answer.status_code} {answer.text}"
            except httpx.TransportError as error:
                problem = repr(error)
            assert time.monotonic() < deadline, f"{method} {path}: {problem}"
            time.sleep(_LOOK_S)

    def order(self, target: str, method: str, path: str, **more: Any) -> Placed:
        """Place an order and follow it to its end."""
        run = self.call(method, path, **more)
        placed = Placed(target, run["id"], run["subscription"]["id"])
        self._placed.append(placed)
        after = 0
        while True:
            # First the run, then its events: when it has ended, they are all there.
            placed.run = self.call("GET", f"/runs/{placed.run_id}")
            while after is not None:
                page = self.call("GET", f"/runs/{placed.run_id}/events", params={"after": after, "limit": 1000})
                placed.seen.update(item["id"] for item in page["items"])
                after = page["next_after"] or (page["items"][-1]["id"] if page["items"] else after)
                if page["next_after"] is None:
                    break
            if placed.run["status"] in ENDED:
                return placed
            time.sleep(_LOOK_S)

    def until_active(self, **order: Any) -> str:
        """Order until it is there, as a person would; its subscription's id."""
        placed = self.order("create", "POST", "/subscriptions", json={"customer": "noc"} | order)
        for _ in range(_TRIES):
            if placed.run["status"] == "completed":
                break
            placed = self.order("create", "POST", f"/runs/{placed.run_id}/retry")
        assert placed.run["status"] == "completed", placed.run["error"]
        return placed.subscription_id


class Circuit(threading.Thread):
    """Orders one circuit, changes it, ends it, and so on, until it is told to stop and its last order is done."""

    def __init__(self, client: Client, ends: tuple[str, str], chance: random.Random, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._client, self._ends, self._chance, self._stop_event = client, ends, chance, stop
        self.error: BaseException | None = None

    def run(self) -> None:
        """The stream."""
        try:
            self._stream()
        except BaseException as error:  # noqa: BLE001 (told by the test)
            self.error = error
        finally:
            self._client.close()

    def _stream(self) -> None:
        a, z = (dict(zip(("node", "interface"), end.split(":"), strict=True)) for end in self._ends)
        subscription: str | None = None
        placed: Placed | None = None
        while placed is None or placed.run["status"] != "completed" or not self._stop_event.is_set():
            if placed is None or subscription is None:
                body = {"product": "core-circuit-10g", "customer": "noc", "input": {"a": a, "z": z}}
                placed = self._client.order("create", "POST", "/subscriptions", json=body)
                subscription = placed.subscription_id
            elif placed.run["status"] != "completed" and placed.target == "create":
                placed = self._client.order("create", "POST", f"/runs/{placed.run_id}/retry")
            elif self._chance.random() < 0.35:
                placed = self._client.order("terminate", "DELETE", f"/subscriptions/{subscription}")
                if placed.run["status"] == "completed":
                    subscription = None
            else:
                change = {"input": {"isis_metric": self._chance.randint(11, 999)}}
                placed = self._client.order("modify", "PATCH", f"/subscriptions/{subscription}", json=change)
