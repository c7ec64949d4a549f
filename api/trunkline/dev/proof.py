"""What the routers themselves say: adjacencies, and pings across the network."""

import json
import re
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from trunkline.dev.errors import DevError
from trunkline.dev.lab import Lab
from trunkline.dev.scenario import Scenario


@dataclass(frozen=True)
class Adjacency:
    """One IS-IS adjacency as one router sees it."""

    node: str
    interface: str
    neighbor: str
    state: str


def show(lab: Lab, scenario: Scenario, console: Console) -> bool:
    """Print adjacencies and pings; true when all are up and answered."""
    adjacencies = [adjacency for node in scenario.nodes for adjacency in _adjacencies(lab, node.name)]
    table = Table("router", "interface", "IS-IS neighbour", "adjacency")
    for adjacency in adjacencies:
        table.add_row(adjacency.node, adjacency.interface, adjacency.neighbor, adjacency.state)
    console.print(table)
    expected = {(end.node, end.interface) for circuit in scenario.circuits for end in (circuit.a, circuit.z)}
    up = {(adjacency.node, adjacency.interface) for adjacency in adjacencies if adjacency.state == "Up"}
    pings = [_ping(lab, scenario.farthest_pair(), version, console) for version in (4, 6)]
    return expected <= up and all(pings)


def _adjacencies(lab: Lab, node: str) -> list[Adjacency]:
    answer = json.loads(lab.exec(node, ["vtysh", "-c", "show isis neighbor json"]))
    return [
        Adjacency(node, circuit["interface"], circuit["adj"], circuit["state"])
        for area in answer.get("areas", [])
        for circuit in area.get("circuits", [])
        if "adj" in circuit
    ]


def hops(lab: Lab, source: str, destination: str, version: int) -> list[str]:
    """The routers that a ping passes, both ends included; without the destination when it does not get there."""
    owners = _owners(lab, version)
    loopbacks = {node: address for address, (node, interface) in owners.items() if interface == "lo"}
    if missing := [node for node in (source, destination) if node not in loopbacks]:
        raise DevError(f"{', '.join(missing)}: no IPv{version} loopback address.")
    passed = [source]
    while passed[-1] != destination and len(passed) <= len(lab.nodes):
        answer = _probe(lab, source, loopbacks, destination, hop_limit=len(passed))
        if answer is None:
            break
        passed.append(owners[answer][0] if answer in owners else answer)
    return passed


def _ping(lab: Lab, path: list[str], version: int, console: Console) -> bool:
    source, destination = path[0], path[-1]
    passed = hops(lab, source, destination, version)
    answered = passed[-1] == destination
    outcome = "[green]answered[/green]" if answered else "[red]no answer[/red]"
    console.print(f"ping IPv{version} {source} -> {destination}: {outcome}, {' -> '.join(passed)}")
    return answered and passed == path


def _probe(lab: Lab, source: str, loopbacks: dict[str, str], destination: str, hop_limit: int) -> str | None:
    """Who answers a ping that may take `hop_limit` hops: a router on the way, or the destination."""
    ping = f"ping -n -c 1 -W 2 -t {hop_limit} -I {loopbacks[source]} {loopbacks[destination]} || true"
    match = re.search(
        r"^(?:From (\S+) .*exceeded|\d+ bytes from (\S+):)", lab.exec(source, ["sh", "-c", ping]), re.MULTILINE
    )
    return (match[1] or match[2]) if match else None


def _owners(lab: Lab, version: int) -> dict[str, tuple[str, str]]:
    """Which router and interface has which address."""
    return {
        info["local"]: (node, link["ifname"])
        for node in lab.nodes
        for link in json.loads(lab.exec(node, ["ip", "-j", f"-{version}", "address", "show", "scope", "global"]))
        for info in link.get("addr_info", [])
        if "local" in info
    }
