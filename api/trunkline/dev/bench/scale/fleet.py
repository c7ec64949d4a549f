"""A lab of many routers: how long one playbook takes to make them a network, to look at it again, to change a part."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from trunkline.dev.bench.command import measure
from trunkline.dev.bench.figures import Sample
from trunkline.dev.bench.netbox import orders
from trunkline.dev.bench.scale.memory import pss_mb
from trunkline.dev.bench.world import World, embedded_netbox
from trunkline.dev.lab import Lab, processes
from trunkline.dev.lab.locks import exclusive
from trunkline.dev.stack import bootstrap_netbox
from trunkline.dev.state import PROJECT

ROUTERS = 50
FORKS = 10
"""Routers at a time (ansible-playbook's --forks)."""
_CHORD = 7  # besides the ring, a circuit from each router to the one so many places on
_NAME, _NETWORK = "fleet", "10.253.250"
_NAMESPACE = "0d1f8a52-5a3e-4a0e-9a6b-6a8f1f0c7d50"
_LIKE = PROJECT / "inventory/ring.clab.yml"
_PLAYBOOK = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/network.yml", "--forks", str(FORKS)]
_METRIC = 30

Network = dict[str, Any]


@dataclass(frozen=True)
class Fleet:
    """So many real routers and circuits in one file, and what `playbooks/network.yml` takes for all of it.

    `made`: from nothing until the last circuit is proved. `again`: nothing is to be done. `changed`: one circuit gets
    another metric. `started_s`: seconds until all routers of the lab run; `router_mb`: MiB of one router.
    """

    routers: int
    circuits: int
    forks: int
    started_s: float
    router_mb: float
    made: Sample
    again: Sample
    changed: Sample


def measured(routers: int, console: Console) -> Fleet:
    """Start the routers and a NetBox, measure, and remove all of it. Raises DevError."""
    with embedded_netbox(console) as world, console.status("") as status:
        scenario = world.folder / "scenario.json"
        scenario.write_text(json.dumps(orders.SCENARIO))
        bootstrap_netbox(scenario, world.env)
        wanted = network(routers)
        status.update(f"{routers} routers are started")
        began = time.perf_counter()
        with _lab(wanted, world) as lab:
            started_s = time.perf_counter() - began
            status.update(f"{routers} routers become a network")
            made = _apply(wanted, lab, world)
            status.update(f"{routers} routers are looked at again")
            again = _apply(wanted, lab, world)
            wanted["network_circuits"][0]["isis_metric"] = _METRIC
            status.update(f"One circuit among {routers} routers is changed")
            changed = _apply(wanted, lab, world)
            circuits = len(wanted["network_circuits"])
            return Fleet(routers, circuits, FORKS, started_s, _router_mb(lab), made, again, changed)


def network(routers: int) -> Network:
    """The file for network.yml: a ring, and chords across it where it is large enough."""
    names = [f"node-{number}" for number in range(routers)]
    hops = [("eth1", "eth2", 1)] + ([("eth3", "eth4", _CHORD)] if routers > 2 * _CHORD else [])
    nodes = [
        {"name": name, "site": "ams", "role": "pe", "management": f"{_NETWORK}.{number + 11}/24"}
        for number, name in enumerate(names)
    ]
    circuits = [
        {
            "name": f"{name}-{out}",
            "a": {"node": name, "interface": out},
            "z": {"node": names[(number + places) % routers], "interface": back},
        }
        for out, back, places in hops
        for number, name in enumerate(names)
    ]
    return {
        "network_namespace": _NAMESPACE,
        "network_customer": "noc",
        "network_nodes": nodes,
        "network_circuits": circuits,
    }


def topology(wanted: Network) -> dict[str, Any]:
    """The lab for it, of routers like those of the examples."""
    like = yaml.safe_load(_LIKE.read_text())
    linux = like["topology"]["kinds"]["linux"]
    linux["binds"] = [f"{_LIKE.parent}/{bind}" for bind in linux["binds"]]
    return {
        "name": _NAME,
        "mgmt": {"network": _NAME, "bridge": f"br-{_NAME}", "ipv4-subnet": f"{_NETWORK}.0/24"},
        "topology": {
            "kinds": {"linux": linux},
            "nodes": {
                node["name"]: {"kind": "linux", "mgmt-ipv4": node["management"].partition("/")[0]}
                for node in wanted["network_nodes"]
            },
            "links": [
                {"endpoints": [f"{circuit[end]['node']}:{circuit[end]['interface']}" for end in ("a", "z")]}
                for circuit in wanted["network_circuits"]
            ],
        },
    }


@contextmanager
def _lab(wanted: Network, world: World) -> Iterator[Lab]:
    # One at a time on a host: so what is there of that name was left by one that was killed.
    with exclusive("bench fleet", timeout_s=0):
        file = world.folder / "fleet.clab.yml"
        file.write_text(yaml.safe_dump(topology(wanted)))
        lab = Lab.load(file, world.state.runtime / "lab")
        lab.down()
        try:
            lab.up()
            yield lab
        finally:
            lab.down()


def _apply(wanted: Network, lab: Lab, world: World) -> Sample:
    file = world.folder / "network.json"
    file.write_text(json.dumps(wanted))
    return measure([*_PLAYBOOK, "-e", f"network_file={file}"], world.env | lab.ansible_env(), PROJECT, world.log)


def _router_mb(lab: Lab) -> float:
    return pss_mb(one.pid for one in processes.find(lab.name)) / len(lab.nodes)
