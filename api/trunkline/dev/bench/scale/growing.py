"""A NetBox that grows: what each thing costs in it when it is empty, and when it is full."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from trunkline.dev import netbox, postgres
from trunkline.dev.bench.command import measure
from trunkline.dev.bench.figures import Measured, Sample, measured
from trunkline.dev.bench.netbox import orders
from trunkline.dev.bench.netbox.sides import OURS
from trunkline.dev.bench.scale.memory import memory_mb
from trunkline.dev.bench.world import World, embedded_netbox
from trunkline.dev.stack import bootstrap_netbox
from trunkline.dev.state import PROJECT

CIRCUITS_A_NODE = 3
BATCH = 100
# So short that a moment's load would decide, were it measured once a round.
_ONE_MORE_A_ROUND = 3
_HERE = Path(__file__).parent
_BIN = Path(sys.executable).parent
# Room for 60,000 nodes and 30,000 circuits.
_POOLS = {"loopback": ("10.0.0.0/16", "fc00:0:0:127::/64"), "core-link": ("10.64.0.0/16", "fc00:0:1::/48")}
_SCENARIO: dict[str, Any] = orders.SCENARIO | {
    "pools": [
        {"prefix": prefix, "role": role, "reserve_first": role == "loopback"}
        for role, prefixes in _POOLS.items()
        for prefix in prefixes
    ]
}
# Between two nodes that have no other.
_ONE_MORE = orders.circuits(1)[0] | {
    "subscription": "6f0a4c1e-7f0c-4f0b-9a55-000000000001",
    "cid": "B-one-more",
    "a": {"node": "node-0", "interface": "eth1"},
    "z": {"node": "node-1", "interface": "eth1"},
}


@dataclass(frozen=True)
class Batch:
    """So many circuits, made in one task, where `before` of them were there already."""

    before: int
    circuits: int
    seconds: float
    requests: int


@dataclass(frozen=True)
class Look:
    """What each thing takes with so many nodes and circuits in NetBox."""

    nodes: int
    circuits: int
    one_more: Measured
    validate: Measured
    fabric: Measured
    inventory: Measured
    netbox_mb: float
    database_mb: float


@dataclass
class Growing:
    """An embedded NetBox into which nodes and circuits are put."""

    world: World
    console: Console
    nodes: int = 0
    circuits: int = 0

    def grow_to(self, nodes: int) -> list[Batch]:
        """Make nodes and circuits in batches until there are so many; what the batches of circuits took."""
        made = []
        with self.console.status("") as status:
            while self.nodes < nodes:
                status.update(f"NetBox grows: {self.nodes} nodes of {nodes}")
                there = min(self.nodes + BATCH, nodes)
                self.play("node", "present", _routers(there)[self.nodes :])
                self.nodes = there
            while self.circuits < CIRCUITS_A_NODE * nodes:
                status.update(f"NetBox grows: {self.circuits} circuits of {CIRCUITS_A_NODE * nodes}")
                there = min(self.circuits + BATCH, CIRCUITS_A_NODE * nodes)
                sample = self.play("circuit", "present", orders.circuits(there)[self.circuits :])
                made.append(Batch(self.circuits, there - self.circuits, sample.seconds, sample.requests))
                self.circuits = there
        return made

    def look(self, rounds: int) -> Look:
        """Measure each thing in each round; the first round of all, in which much is compiled, is not counted."""
        self._settle()
        taken: dict[str, list[Sample]] = {}
        inventory = [str(_BIN / "ansible-inventory"), "-i", str(PROJECT / "inventory/netbox.yml"), "--list"]
        fabric = [str(_BIN / "ansible-playbook"), str(_HERE / "playbooks/fabric.yml")]
        with self.console.status("") as status:
            for number in range(0 if self.nodes == 0 else 1, rounds + 1):
                status.update(f"{self.nodes} nodes, {self.circuits} circuits: round {number} of {rounds}")
                samples = {
                    "one_more": [self._one_more() for _ in range(_ONE_MORE_A_ROUND)],
                    "validate": [self._validate()],
                    "fabric": [self._run(fabric)],
                    "inventory": [self._run(inventory)],
                }
                for name, found in samples.items() if number else ():
                    taken.setdefault(name, []).extend(found)
        medians = {name: measured(samples) for name, samples in taken.items()}
        memory = [memory_mb(self.world.state, name) for name in (netbox.NAME, postgres.NAME)]
        return Look(
            self.nodes,
            self.circuits,
            medians["one_more"],
            medians["validate"],
            medians["fabric"],
            medians["inventory"],
            *memory,
        )

    def _settle(self) -> None:
        """Let PostgreSQL do at once what it would else do in the background, some minutes after so much was written."""
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            postgres.sql(self.world.state, statement, netbox.DATABASE)

    def _one_more(self) -> Sample:
        """What one circuit costs that is not there, and is removed again."""
        made = self.play("circuit", "present", [_ONE_MORE])
        self.play("circuit", "absent", [_ONE_MORE])
        return made

    def _validate(self) -> Sample:
        """All nodes and all circuits are compared with what was ordered."""
        node = self.play("node", "present", _routers(self.nodes), "--check")
        circuit = self.play("circuit", "present", orders.circuits(self.circuits), "--check")
        return Sample(node.seconds + circuit.seconds, node.requests + circuit.requests, node.writes + circuit.writes)

    def play(self, kind: str, state: str, wanted: list[orders.Order], *options: str) -> Sample:
        """Carry out orders with our modules."""
        return self._run([*OURS.command(kind, state, wanted, self.world.folder), *options])

    def _run(self, argv: list[str]) -> Sample:
        return measure(argv, {**OURS.env, **self.world.env}, self.world.folder, self.world.log)


@contextmanager
def growing(console: Console) -> Iterator[Growing]:
    """One with what orders refer to and two nodes in it; stopped and removed at the end."""
    with embedded_netbox(console) as world:
        scenario = world.folder / "scenario.json"
        scenario.write_text(json.dumps(_SCENARIO))
        bootstrap_netbox(scenario, world.env)
        made = Growing(world, console)
        with console.status("Warming up"):
            made.play("node", "present", orders.nodes(2, "active"))
        yield made


def _routers(count: int) -> list[orders.Order]:
    return orders.nodes(count, "active", "router")
