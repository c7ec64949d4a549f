"""What NetBox, the routers and the database say in the end: every order is all there, or not there at all."""

import json
import re
from collections import Counter
from typing import Any

import psycopg
import requests

from tests.api.live_service import Service
from tests.crash.stream import Client, Placed
from trunkline.dev.lab import Lab
from trunkline.settings import Settings

_OBJECTS = ("dcim/devices", "circuits/circuits", "dcim/cables", "ipam/ip-addresses", "ipam/prefixes")
# What an active order has: of a node two loopbacks and the management address, of a circuit two ends in two
# families, an IPv4 prefix, and an IPv6 one inside its own /64.
_OF_NODE = Counter({"dcim/devices": 1, "ipam/ip-addresses": 3})
_OF_CIRCUIT = Counter({"circuits/circuits": 1, "dcim/cables": 2, "ipam/ip-addresses": 4, "ipam/prefixes": 3})


def documented(netbox: dict[str, str]) -> dict[str, Counter[str]]:
    """How many objects of each kind NetBox has for each subscription."""
    headers = {"Authorization": f"Bearer {netbox['NETBOX_TOKEN']}"}
    found: dict[str, Counter[str]] = {}
    for path in _OBJECTS:
        url = f"{netbox['NETBOX_URL']}/api/{path}/?limit=0&cf_trunkline_subscription__empty=false"
        answer = requests.get(url, headers=headers, timeout=60)
        answer.raise_for_status()
        for item in answer.json()["results"]:
            found.setdefault(item["custom_fields"]["trunkline_subscription"], Counter())[path] += 1
    return found


def in_netbox(client: Client, netbox: dict[str, str]) -> list[str]:
    """What NetBox has too much or too little."""
    expected = {
        item["id"]: _OF_NODE if item["product"].startswith("node") else _OF_CIRCUIT
        for item in _subscriptions(client)
        if item["status"] == "active"
    }
    found = documented(netbox)
    return [
        f"{each}: expected {dict(expected.get(each, {}))}, NetBox has {dict(found.get(each, {}))}"
        for each in expected.keys() | found.keys()
        if expected.get(each) != found.get(each)
    ]


def on_routers(client: Client, lab: Lab) -> list[str]:
    """What the routers have too much or too little. An interface stanza without lines does nothing."""
    wrong = []
    expected: dict[str, dict[str, tuple[str, str, int]]] = {name: {} for name in lab.nodes}
    for item in _subscriptions(client):
        if item["status"] == "active" and item["product"].startswith("core-circuit"):
            for end in (item["block"]["a"], item["block"]["z"]):
                values = (end["ipv4"], end["ipv6"], item["block"]["isis_metric"])
                expected[end["node"]][end["interface"]] = values
    for name in lab.nodes:
        configuration = lab.exec(name, ["vtysh", "-c", "show running-config"])
        found = {}
        for interface, lines in re.findall(r"^interface (eth\d+)\n((?: .*\n)*)", configuration, re.MULTILINE):
            words = {words[0]: words[1] for words in (line.strip().rsplit(" ", 1) for line in lines.splitlines())}
            if words:
                values = (words.get("ip address", ""), words.get("ipv6 address", ""), int(words.get("isis metric", 10)))
                found[interface] = values
        if found != expected[name]:
            wrong.append(f"{name}: expected {expected[name]}, it has {found}")
        lease = lab.exec(name, ["sh", "-c", "cat /run/frr/trunkline.lease 2>/dev/null || true"]).strip()
        if lease:
            wrong.append(f"{name}: lease left: {json.loads(lease)}")
    return wrong


def in_database(service: Service) -> list[str]:
    """Locks, jobs and steps that nobody will end any more."""
    left = {
        "live run": "SELECT id || ' ' || status FROM runs WHERE status NOT IN "
        "('completed', 'failed', 'rolled-back', 'cancelled')",
        "job": "SELECT id || ' ' || task_name FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
        "running step": "SELECT run_id || ' ' || name FROM steps WHERE status = 'running'",
        "half-done subscription": "SELECT id || ' ' || status FROM subscriptions WHERE status = 'provisioning' OR "
        "(touched AND status = 'initial') OR (NOT insync AND status = 'active')",
    }
    url = Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"]).libpq_url
    with psycopg.connect(url) as connection:
        return [f"{kind}: {row[0]}" for kind, query in left.items() for row in connection.execute(query.encode())]


def of_events(client: Client, placed: list[Placed]) -> list[str]:
    """Events that a follower saw and that are gone, or that are there and no follower saw."""
    wrong = []
    for order in placed:
        items: list[Any] = []
        after: int | None = 0
        while after is not None:
            page = client.call("GET", f"/runs/{order.run_id}/events", params={"after": after, "limit": 1000})
            items += page["items"]
            after = page["next_after"]
        numbers = [item["id"] for item in items]
        if numbers != sorted(set(numbers)) or set(numbers) != order.seen:
            wrong.append(f"run {order.run_id}: {len(numbers)} events, {len(order.seen)} were seen")
        statuses = [item["payload"]["status"] for item in items if item["kind"] == "status"]
        if not statuses or statuses[-1] != order.run["status"]:
            wrong.append(f"run {order.run_id} is {order.run['status']}, its events end with {statuses}")
    return wrong


def _subscriptions(client: Client) -> list[Any]:
    found: list[Any] = []
    params: dict[str, Any] = {"limit": 200}
    while True:
        page = client.call("GET", "/subscriptions", params=params)
        found += page["items"]
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]
