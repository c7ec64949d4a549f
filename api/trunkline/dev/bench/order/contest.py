"""The measurements: a circuit is ordered and terminated, round after round."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console

from trunkline.dev.bench.netbox import sides
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.order import timeline
from trunkline.dev.bench.order.doors import BARE, LSO, Launches, doors
from trunkline.dev.bench.order.own_stack import own_stack
from trunkline.dev.bench.order.timeline import Span
from trunkline.dev.errors import DevError
from trunkline.dev.orders import Client, Order


@dataclass(frozen=True)
class Life:
    """A circuit's: seconds from its order until both routers had proved it and until the run's end, and what it did."""

    verified_s: float
    completed_s: float
    spans: list[Span]

    @property
    def apply_begins_s(self) -> float:
        """Seconds until the apply began."""
        return min(span.begin_s for span in self.spans if span.stage == "apply")


@dataclass
class Contest:
    """All measurements on one stack; `run` takes them."""

    options: Options
    console: Console
    lives: list[Life] = field(default_factory=list)
    launches_s: list[float] = field(default_factory=list)
    others: dict[str, list[Launches]] = field(default_factory=lambda: {BARE: [], LSO: []})

    def run(self) -> None:
        """Take all measurements. Raises DevError when an order does not come to its end."""
        with self.console.status("Starting") as status, own_stack(status.update) as (stack, scenario):
            customer = scenario.customers[0].shortcode
            token = stack.exports()["TRUNKLINE_TOKEN"]
            with Client(stack.api_url, token) as client, doors(stack) as other:
                nodes, circuits = client.orders(scenario)
                status.update("Ordering the nodes")
                client.place(nodes, customer, lambda: None)
                for node in nodes:
                    _require_completed(node)
                # The first round only warms up: what is compiled or cached is not measured.
                for number in range(self.options.rounds + 1):
                    status.update(f"Round {number} of {self.options.rounds}")
                    # Orders differ by chance: a router makes an LSP a second at most, and some just miss it.
                    lives = [_life(client, one, customer) for one in circuits]
                    circuit = circuits[number % len(circuits)]
                    launched = {BARE: other.bare(circuit, customer), LSO: other.by_lso(circuit, customer)}
                    if number > 0:
                        self.lives += lives
                        self.launches_s.append(_launch())
                        for name, launches in launched.items():
                            self.others[name].append(launches)

    @property
    def verified_s(self) -> float:
        """The median until both routers had proved it."""
        return median(one.verified_s for one in self.lives)

    @property
    def completed_s(self) -> float:
        """The median until the run's end."""
        return median(one.completed_s for one in self.lives)

    @property
    def applied_s(self) -> float:
        """The median of the apply alone, from its beginning until the run's end."""
        return median(one.completed_s - one.apply_begins_s for one in self.lives)

    def other(self, name: str) -> Launches:
        """The medians of another door."""
        found = self.others[name]
        plans = [one.plan_s for one in found if one.plan_s is not None]
        return Launches(median(plans) if plans else None, median(one.apply_s for one in found))

    @property
    def launch_s(self) -> float:
        """The median of bare launches of Ansible: the speed of this machine."""
        return median(self.launches_s)


def _life(client: Client, circuit: Order, customer: str) -> Life:
    client.place([circuit], customer, lambda: None)
    _require_completed(circuit)
    events = client.events(circuit)
    found = Life(
        timeline.verified_s(circuit.run), timeline.completed_s(circuit.run), timeline.spans(circuit.run, events)
    )
    client.terminate([circuit], lambda: None)
    _require_completed(circuit)
    return found


def _require_completed(order: Order) -> None:
    if order.status != "completed":
        raise DevError(f"{order.name}: {order.run['target']} {order.status}: {order.run['error']}")


def _launch() -> float:
    """Seconds of `ansible-playbook` with one task that does nothing."""
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), str(Path(sides.__file__).parent / "ours/launch.yml")]
    started = time.perf_counter()
    subprocess.run(argv, env=os.environ, capture_output=True, check=True)
    return time.perf_counter() - started
