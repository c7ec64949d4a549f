# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A file that lists a whole network: what it orders, and what it no longer lists. Pure functions.

Who lists a node or a circuit gives it an id, or none: then the id follows from the file's namespace and the name
(RFC 9562, UUIDv5), and is the same in every run. So an object of NetBox belongs to the file if its own name yields its
own id; nothing else is ever taken for gone.
"""

from __future__ import annotations

import uuid
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any

from .netbox_session import is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Record = dict[str, Any]
HIGHEST_METRIC = 16777214
# Those of meta/argument_specs.yml, which checks and does not fill in.
NODE = {"device_type": "frr-router", "platform": "frr", "product": "node-frr"}
NODE_LEARNED = ("netbox_id", "loopback_ipv4", "loopback_ipv6")
CIRCUIT_LEARNED = ("netbox_id", "cid", "a", "z")
CIRCUIT = {"isis_metric": 10, "under_maintenance": False, "speed_mbps": 10000, "product": "core-circuit-10g"}


def orders_of(nodes: Sequence[Record], circuits: Sequence[Record], namespace: str, known: Iterable[str]) -> Record:
    """The orders of the file, as the modules node and circuit take them in `nodes` and `circuits`.

    `known` are nodes that NetBox has beside those of the file. Raises ValueError that names the field and the remedy.
    """
    if not is_uuid(namespace):
        raise ValueError(f"network_namespace: {namespace!r} is not a UUID. Make one with uuidgen, and keep it.")
    space = uuid.UUID(namespace)
    nodes = [{**NODE, **node} for node in nodes]
    circuits = [{**CIRCUIT, **circuit} for circuit in circuits]
    _once("network_nodes", "name", [node["name"] for node in nodes])
    _once("network_nodes", "management", [_management(node, number) for number, node in enumerate(nodes)])
    _once("network_circuits", "name", [circuit.get("name") for circuit in circuits])
    names = {node["name"] for node in nodes}
    taken: dict[tuple[str, str], str] = {}
    for number, circuit in enumerate(circuits):
        _check_circuit(circuit, f"network_circuits[{number}]", names | set(known), taken)
    ordered = {
        "nodes": [_node(node, _id("node", node, f"network_nodes[{n}]", space)) for n, node in enumerate(nodes)],
        "circuits": [
            _circuit(circuit, _id("circuit", circuit, f"network_circuits[{n}]", space))
            for n, circuit in enumerate(circuits)
        ],
    }
    ids = [order["subscription"] for group in ordered.values() for order in group]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        raise ValueError(f"id: {twice} is given twice. Give each node and circuit its own, or none.")
    return ordered


def gone_from(fabric: Record, orders: Record, namespace: str) -> Record:
    """What of NetBox (as fabric_info returns it) is of this file's namespace and no longer listed in it.

    As the modules node and circuit take it with state=absent.
    """
    space = uuid.UUID(namespace)
    listed = {order["subscription"] for group in orders.values() for order in group}

    def gone(kind: str, name: str, item: Record) -> bool:
        subscription = str(item["subscription"])
        return subscription == derived(space, kind, name) and subscription not in listed

    return {
        "nodes": [
            {"subscription": node["subscription"], "name": node["name"]}
            for node in fabric["nodes"]
            if gone("node", node["name"], node)
        ],
        "circuits": [
            {"subscription": circuit["subscription"], "cid": circuit["cid"]}
            for circuit in fabric["circuits"]
            if gone("circuit", circuit["cid"], circuit)
        ],
    }


def reports_of(documented: Record, nodes: Sequence[Record], circuits: Sequence[Record], customer: str) -> list[Record]:
    """What the order book is told of the network, nodes first: as subscription_report takes it.

    `documented` has `nodes` and `circuits` as the modules have returned them, in the order of the file.
    """
    return [
        {
            "id": made["subscription"],
            "product": {**defaults, **listed}["product"],
            "customer": customer,
            "block": {field: made[field] for field in ordered if field in made}
            | {field: {**defaults, **listed}[field] for field in ordered if field not in made},
            "learned": {field: made[field] for field in learned},
        }
        for kind, defaults, ordered, learned, items in (
            ("nodes", NODE, ("name", "site", "role", "management"), NODE_LEARNED, nodes),
            (
                "circuits",
                CIRCUIT,
                ("a", "z", "isis_metric", "under_maintenance", "speed_mbps"),
                CIRCUIT_LEARNED,
                circuits,
            ),
        )
        for made, listed in zip(documented[kind], items, strict=True)
    ]


def derived(namespace: uuid.UUID, kind: str, name: str) -> str:
    """The id of a node or circuit that the file gives none."""
    return str(uuid.uuid5(namespace, f"{kind}/{name}"))


def _id(kind: str, item: Record, where: str, namespace: uuid.UUID) -> str:
    given = item.get("id")
    if given is None:
        if not item.get("name"):
            raise ValueError(f"{where}.name: missing. Give a name, from which the id follows, or the id.")
        return derived(namespace, kind, item["name"])
    if not is_uuid(given):
        raise ValueError(f"{where}.id: {given!r} is not a UUID. Give the subscription's id, or leave it out.")
    return str(uuid.UUID(given))


def _once(where: str, field: str, values: Sequence[str | None]) -> None:
    for number, value in enumerate(values):
        if value and value in values[:number]:
            first = values.index(value)
            raise ValueError(f"{where}[{number}].{field}: {value!r} is that of {where}[{first}], too. Give it once.")


def _management(node: Record, number: int) -> str:
    field = f"network_nodes[{number}].management"
    try:
        address = ip_interface(node["management"])
    except ValueError as error:
        raise ValueError(f"{field}: {error}. Give an address with its length, as 172.20.20.11/24.") from error
    if "/" not in node["management"]:
        raise ValueError(f"{field}: {node['management']!r} has no length. Give it as {address.ip}/24.")
    return str(address)


def _check_circuit(circuit: Record, where: str, nodes: set[str], taken: dict[tuple[str, str], str]) -> None:
    if not 1 <= circuit["isis_metric"] <= HIGHEST_METRIC:
        raise ValueError(f"{where}.isis_metric: {circuit['isis_metric']} is not between 1 and {HIGHEST_METRIC}.")
    if circuit["a"]["node"] == circuit["z"]["node"]:
        raise ValueError(f"{where}.z.node: {circuit['z']['node']} is also the A end. A circuit joins two nodes.")
    for side in ("a", "z"):
        node, interface = circuit[side]["node"], circuit[side]["interface"]
        if node not in nodes:
            raise ValueError(f"{where}.{side}.node: there is no node {node!r}, neither in network_nodes nor in NetBox.")
        if other := taken.get((node, interface)):
            raise ValueError(f"{where}.{side}.interface: {node}:{interface} is that of {other}, too. Use another.")
        taken[node, interface] = where


def _node(node: Record, subscription: str) -> Record:
    fields = ("name", "site", "role", "device_type", "platform", "management")
    return {"subscription": subscription, **{field: node[field] for field in fields}}


def _circuit(circuit: Record, subscription: str) -> Record:
    name = {"cid": circuit["name"]} if circuit.get("name") else {}
    ends = {side: {"node": circuit[side]["node"], "interface": circuit[side]["interface"]} for side in ("a", "z")}
    fields = ("isis_metric", "under_maintenance", "speed_mbps")
    return {"subscription": subscription, **name, **ends, **{field: circuit[field] for field in fields}}
