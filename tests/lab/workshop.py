"""The workshop's network on routers of the tests' own: the stack that orders it, and NetBox before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import requests
import yaml

from trunkline.dev import postgres, service
from trunkline.dev.lab import Lab
from trunkline.dev.secrets import Secrets
from trunkline.dev.stack import Stack
from trunkline.dev.state import PROJECT

# Room for four circuits: three of the scenario, and one for the test that finds it taken.
CORE_LINKS = "10.0.1.0/29"
_ORDERED = (
    "vpn/l2vpns",
    "dcim/cables",
    "circuits/circuits",
    "dcim/devices",
    "ipam/ip-addresses",
    "ipam/prefixes",
    "ipam/vlans",
)


@contextmanager
def brought_up(stack: Stack, scenario: Path) -> Iterator[None]:
    """The stack, ready for orders, with a service and an order book of its own: another's would know other routers."""
    try:
        stack.up(scenario, lambda _text: None)
        yield
    finally:
        service.down(stack.state)
        postgres.sql(stack.state, "DROP DATABASE IF EXISTS trunkline WITH (FORCE)")
        if secrets := Secrets.load(stack.state):
            replace(secrets, trunkline_token="").save(stack.state)


def workshop_file(lab: Lab, folder: Path) -> Path:
    """The scenario of examples/workshop.yml for these routers, in a file."""
    file = folder / "workshop.yml"
    file.write_text(yaml.safe_dump(_scenario(lab)))
    return file


def _scenario(lab: Lab) -> dict[str, object]:
    content: dict[str, list[dict[str, str]]] = yaml.safe_load((PROJECT / "examples/workshop.yml").read_text())
    nodes = [{**node, "management": f"{lab.nodes[node['name']]}/24"} for node in content["nodes"]]
    pools = [
        {**pool, "prefix": CORE_LINKS} if pool["prefix"] == "10.0.1.0/24" else pool
        for pool in content["pools"]
        if pool["role"] != "management"
    ]
    return {**content, "nodes": nodes, "pools": pools}


@contextmanager
def no_orders(netbox: dict[str, str]) -> Iterator[None]:
    """NetBox has no object of any order, before and after."""
    _remove_orders(netbox)
    try:
        yield
    finally:
        _remove_orders(netbox)


def _remove_orders(netbox: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {netbox['NETBOX_TOKEN']}"}
    for path in _ORDERED:
        url = f"{netbox['NETBOX_URL']}/api/{path}/"
        query = "limit=1000&fields=id&cf_trunkline_subscription__empty=false"
        found = requests.get(f"{url}?{query}", headers=headers, timeout=60).json()["results"]
        if found:
            requests.delete(url, json=found, headers=headers, timeout=120).raise_for_status()
