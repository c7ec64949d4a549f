"""A NetBox that grows: what each thing costs in it when it is empty, and when it is full."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from trunkline.dev import netbox, postgres
from trunkline.dev.bench.command import measure
from trunkline.dev.bench.figures import Measured, Sample, measured, ratio
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
    one_more_beside: Measured
    """The same in the empty NetBox, asked in turn."""
    pairs_s: list[tuple[float, float]]
    """One circuit more here and in the empty one, each time."""
    validate: Measured
    fabric: Measured
    inventory: Measured
    netbox_mb: float
    database_mb: float

    @property
    def one_more_times(self) -> float:
        """How many times the seconds in the empty NetBox one circuit more takes here; of each pair, the median."""
        return median(ratio(here_s, beside_s) for here_s, beside_s in self.pairs_s)


@dataclass
class Growing:
    """An embedded NetBox into which nodes and circuits are put, and one `beside` it that stays empty."""

    world: World
    beside: World
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
                _play(self.world, "node", "present", _routers(there)[self.nodes :])
                self.nodes = there
            while self.circuits < CIRCUITS_A_NODE * nodes:
                status.update(f"NetBox grows: {self.circuits} circuits of {CIRCUITS_A_NODE * nodes}")
                there = min(self.circuits + BATCH, CIRCUITS_A_NODE * nodes)
                sample = _play(self.world, "circuit", "present", orders.circuits(there)[self.circuits :])
                made.append(Batch(self.circuits, there - self.circuits, sample.seconds, sample.requests))
                self.circuits = there
        return made

    def look(self, rounds: int) -> Look:
        """Measure each thing in each round; the first round of all, in which much is compiled, is not counted."""
        self._settle()
        pairs: list[tuple[Sample, Sample]] = []
        taken: dict[str, list[Sample]] = {}
        inventory = [str(_BIN / "ansible-inventory"), "-i", str(PROJECT / "inventory/netbox.yml"), "--list"]
        fabric = [str(_BIN / "ansible-playbook"), str(_HERE / "playbooks/fabric.yml")]
        with self.console.status("") as status:
            for number in range(0 if self.nodes == 0 else 1, rounds + 1):
                status.update(f"{self.nodes} nodes, {self.circuits} circuits: round {number} of {rounds}")
                both = [(_one_more(self.world), _one_more(self.beside)) for _ in range(_ONE_MORE_A_ROUND)]
                samples = {
                    "validate": self._validate(),
                    "fabric": _run(self.world, fabric),
                    "inventory": _run(self.world, inventory),
                }
                if number:
                    pairs += both
                    for name, found in samples.items():
                        taken.setdefault(name, []).append(found)
        medians = {name: measured(samples) for name, samples in taken.items()}
        memory = [memory_mb(self.world.state, name) for name in (netbox.NAME, postgres.NAME)]
        return Look(
            self.nodes,
            self.circuits,
            measured([here for here, _ in pairs]),
            measured([beside for _, beside in pairs]),
            [(here.seconds, beside.seconds) for here, beside in pairs],
            medians["validate"],
            medians["fabric"],
            medians["inventory"],
            *memory,
        )

    def _settle(self) -> None:
        """Let PostgreSQL do at once what it would else do in the background, some minutes after so much was written."""
        for statement in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            postgres.sql(self.world.state, statement, netbox.DATABASE)

    def _validate(self) -> Sample:
        """All nodes and all circuits are compared with what was ordered."""
        node = _play(self.world, "node", "present", _routers(self.nodes), "--check")
        circuit = _play(self.world, "circuit", "present", orders.circuits(self.circuits), "--check")
        return Sample(node.seconds + circuit.seconds, node.requests + circuit.requests, node.writes + circuit.writes)


@contextmanager
def growing(console: Console) -> Iterator[Growing]:
    """Two, each with what orders refer to and two nodes in it; stopped and removed at the end."""
    with embedded_netbox(console) as world, embedded_netbox(console, "empty") as beside:
        for one in (world, beside):
            scenario = one.folder / "scenario.json"
            scenario.write_text(json.dumps(_SCENARIO))
            bootstrap_netbox(scenario, one.env)
            with console.status("Warming up"):
                _play(one, "node", "present", orders.nodes(2, "active"))
        yield Growing(world, beside, console)


def _routers(count: int) -> list[orders.Order]:
    return orders.nodes(count, "active", "router")


def _one_more(world: World) -> Sample:
    """What one circuit costs that is not there, and is removed again."""
    made = _play(world, "circuit", "present", [_ONE_MORE])
    _play(world, "circuit", "absent", [_ONE_MORE])
    return made


def _play(world: World, kind: str, state: str, wanted: list[orders.Order], *options: str) -> Sample:
    """Carry out orders with our modules."""
    return _run(world, [*OURS.command(kind, state, wanted, world.folder), *options])


def _run(world: World, argv: list[str]) -> Sample:
    return measure(argv, {**OURS.env, **world.env}, world.folder, world.log)
