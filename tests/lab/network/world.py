"""A network that was ordered, and the few looks at it that the tests take."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from trunkline.catalog import PRODUCTS
from trunkline.dev import proof
from trunkline.dev.orders import Client, Order
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Stack
from trunkline.dev.state import PROJECT


class World:
    """A running stack, and the few looks at it that the tests take."""

    def __init__(self, stack: Stack, scenario: Scenario) -> None:
        self.stack = stack
        self.scenario = scenario
        self.exports = stack.exports()
        self.client = Client(stack.api_url, self.exports["TRUNKLINE_TOKEN"])
        self.batches: list[dict[str, Any]] = []

    def order_everything(self) -> None:
        """All nodes, and then all circuits: one request each, of which `batches` has the answers."""
        for group in self.client.orders(self.scenario):
            wanted = [{"product": order.product, "customer": "noc", "input": order.input} for order in group]
            answer = self.api("POST", "subscriptions/batch", json={"orders": wanted}).json()
            placed = [Order("batch", "", {}, run=self.api("GET", f"runs/{run}").json()) for run in answer["batches"]]
            self.client.wait(placed, lambda: None)
            assert [order.status for order in placed] == ["completed"], [order.run["error"] for order in placed]
            self.batches.append(answer)

    def place(self, orders: list[Order]) -> None:
        self.client.place(orders, "noc", lambda: None)

    def order(self, name: str, product: str, **values: Any) -> Order:
        order = Order(name, product, values)
        self.place([order])
        return order

    def circuit(self, a: str, z: str, **values: Any) -> Order:
        ends = {
            end: dict(zip(("node", "interface"), text.split(":"), strict=True)) for end, text in (("a", a), ("z", z))
        }
        return self.order(f"{a} - {z}", "core-circuit-10g", **ends, **values)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.exports['TRUNKLINE_TOKEN']}"}
        return requests.request(method, f"{self.stack.api_url}/api/v1/{path}", headers=headers, timeout=30, **options)

    def netbox(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.exports['NETBOX_URL']}/api/{path}/",
            params={"limit": 0, **params},
            headers={"Authorization": f"Bearer {self.exports['NETBOX_TOKEN']}"},
            timeout=30,
        )
        answer.raise_for_status()
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def netbox_changes(self) -> int:
        """The id of NetBox's newest change."""
        return int(self.netbox("core/object-changes", limit=1)[0]["id"])

    def subscription(self, description: str) -> dict[str, Any]:
        (found,) = self.api("GET", "subscriptions", params={"description": description, "status": "active"}).json()[
            "items"
        ]
        return dict(found)

    def modify(self, subscription: dict[str, Any], **values: Any) -> Order:
        run = self.api("PATCH", f"subscriptions/{subscription['id']}", json={"input": values}).json()
        order = Order(subscription["description"], subscription["product"], values, run=run)
        self.client.wait([order], lambda: None)
        return order

    def wait_for(self, run: dict[str, Any], event: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Until the run has such an event; returns it."""
        deadline = time.monotonic() + 60
        while True:
            items = self.api("GET", f"runs/{run['id']}/events", params={"limit": 1000}).json()["items"]
            if found := next((item for item in items if event(item)), None):
                return dict(found)
            assert time.monotonic() < deadline, items[-3:]
            time.sleep(0.1)

    def task(self, name: str, **values: Any) -> Order:
        run = self.api("POST", f"tasks/{name}", json={"input": values}).json()
        order = Order(name, "", values, run=run)
        self.client.wait([order], lambda: None)
        return order

    def wait_for_hops(self, path: list[str]) -> None:
        """Until a ping from ams-pe to lon-pe passes these routers: IS-IS tells of a metric within a second or two."""
        deadline = time.monotonic() + 10
        while (passed := proof.hops(self.stack.lab, path[0], path[-1], version=4)) != path:
            assert time.monotonic() < deadline, passed

    def playbook(
        self, name: str, subscription: dict[str, Any], *options: str, **changes: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook for a subscription, as a person does who has no service."""
        block = PRODUCTS[subscription["product"]].for_playbook(subscription["block"] | changes)
        order = {key: subscription[key] for key in ("id", "product", "status", "customer")} | {"block": block}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), f"playbooks/{name}.yml", *options]
        return subprocess.run(
            [*command, "-e", json.dumps({"subscription": order})],
            cwd=PROJECT,
            env=os.environ | self.exports | {"ANSIBLE_NOCOLOR": "1", "TRUNKLINE_URL": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    @contextmanager
    def pings(self, source: str, destination: str) -> Iterator[list[int]]:
        """Ping from loopback to loopback ten times a second; the list has how many were sent and lost at the end."""
        addresses = [
            self.netbox("dcim/devices", name=name)[0]["primary_ip4"]["address"].partition("/")[0]
            for name in (source, destination)
        ]
        log, count = "/var/log/frr/ping.log", list[int]()
        ping = f"ping -n -i 0.1 -W 1 -I {addresses[0]} {addresses[1]} > {log} 2>&1 & echo $!"
        pid = self.stack.lab.exec(source, ["sh", "-c", ping]).strip()
        try:
            yield count
        finally:
            self.stack.lab.exec(source, ["kill", "-INT", pid])
        text = self.stack.lab.exec(source, ["sh", "-c", f"tail --pid={pid} -f /dev/null; cat {log}"])
        sent, received = re.findall(r"(\d+) packets transmitted, (\d+) received", text)[0]
        count += [int(sent), int(sent) - int(received)]

    def documented_metric(self, circuit: dict[str, Any]) -> int:
        (found,) = self.netbox("circuits/circuits", cid=circuit["block"]["cid"])
        return int(found["custom_fields"]["trunkline_isis_metric"])

    def logins(self, node: str) -> int:
        """How often somebody has logged into the router since it was started."""
        return self.stack.lab.exec(node, ["cat", "/var/log/frr/sshd.log"]).count("Accepted publickey")

    def configurations(self) -> dict[str, str]:
        return {
            node: self.stack.lab.exec(node, ["vtysh", "-c", "show running-config"]) for node in self.stack.lab.nodes
        }


def changed_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that a playbook's diffs add or remove, in NetBox and on the routers."""
    return sorted(re.findall(r"^(?:[+-](?![+-])\s+.*)$", done.stdout, re.MULTILINE))
