"""The measurements in turn, each with services of its own."""

from dataclasses import dataclass, field

from rich.console import Console

from trunkline.dev.bench.options import Options
from trunkline.dev.bench.scale import engine, events, fleet, queue
from trunkline.dev.bench.scale.growing import Batch, Look, growing
from trunkline.dev.bench.scale.queue import Load
from trunkline.dev.errors import DevError

SIZES = (100, 1000)
"""Nodes; three times as many circuits, and as many queued runs as the last of them."""
WORKERS = (1, 2, 4)
_SMALLEST = 4


@dataclass
class Contest:
    """All measurements; `run` takes them."""

    options: Options
    console: Console
    fleets: list[fleet.Fleet] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    overheads: list[engine.Overhead] = field(default_factory=list)
    bursts: list[engine.Burst] = field(default_factory=list)
    streams: list[events.Stream] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many nodes."""
        return self.options.sizes or SIZES

    def run(self) -> None:
        """Take all measurements. Raises DevError."""
        if min(self.sizes) < _SMALLEST:
            raise DevError(f"--sizes: give {_SMALLEST} nodes or more, between which there is room for the circuits.")
        # First what needs root: where that is missing, it is said at once.
        self.fleets.append(fleet.measured(min(fleet.ROUTERS, self.sizes[-1]), self.console))
        with growing(self.console) as world:
            for nodes in (0, *self.sizes):
                self.batches += world.grow_to(nodes)
                self.looks.append(world.look(self.options.rounds))
        with queue.service(self.console) as service:
            with self.console.status("Runs, and their launches alone"):
                self.overheads.append(engine.overhead(service, self.options.rounds))
            with self.console.status(f"{self.sizes[-1]} orders in one request"):
                self.bursts.append(engine.burst(service, self.sizes[-1]))
            for workers in WORKERS:
                self.loads.append(service.work_off(self.sizes[-1], workers))
            self.streams = events.measure(service, self.options.rounds)
