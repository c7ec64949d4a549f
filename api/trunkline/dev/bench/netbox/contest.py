"""The measurements: each side in turn makes, confirms, changes and removes the same orders, round after round."""

from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from rich.console import Console

from trunkline.dev.bench.command import measure
from trunkline.dev.bench.figures import Measured, Sample, another_round, extrapolated, measured
from trunkline.dev.bench.netbox.orders import Order, ordered, routers
from trunkline.dev.bench.netbox.outcome import Holding, differences, holding
from trunkline.dev.bench.netbox.sides import OURS, PEER, SIDES, Side, launch
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.world import World
from trunkline.dev.errors import DevError

KINDS = ("node", "circuit")
CASES = ("new", "again", "change", "remove")
SIZES = (1, 10, 100)
# A side that is slow at a size is measured less often there.
BUDGET_S = 240
_SHOWN = 12


class Key(NamedTuple):
    """What a measurement is of."""

    kind: str
    case: str
    size: int
    side: str


@dataclass
class Contest:
    """All measurements on one NetBox; `run` takes them, `results` and `launch` give their medians."""

    world: World
    options: Options
    console: Console
    samples: dict[Key, list[Sample]] = field(default_factory=dict)
    launches: list[Sample] = field(default_factory=list)
    _reference: dict[tuple[str, str, int], Holding] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many objects in one command."""
        return self.options.sizes or SIZES

    def run(self) -> None:
        """Take all measurements. Raises DevError when a side fails, or leaves something else behind than the others."""
        with self.console.status("Warming up: what each side compiles or caches is not measured") as status:
            self._carry_out(OURS, "node", "present", routers(max(self.sizes)))
            for kind, side in product(KINDS, SIDES):
                for case in ("new", "remove"):
                    self._carry_out(side, kind, _state(case), ordered(kind, case, 1))
            for number, (kind, size) in product(range(self.options.rounds), product(KINDS, self.sizes)):
                if (kind, size) == (KINDS[0], self.sizes[0]):
                    self.launches.append(measure(launch(), OURS.env, self.world.folder, self.world.log))
                # Who begins has no advantage: another one each round.
                for side in SIDES[number % len(SIDES) :] + SIDES[: number % len(SIDES)]:
                    if self._due(kind, size, side):
                        status.update(f"Round {number + 1}: {size} {kind}{'s' * (size > 1)} by {side.name}")
                        self._life(kind, size, side)

    def results(self) -> dict[Key, Measured]:
        """The medians of all measurements, and what is extrapolated from them."""
        found = {key: measured(samples) for key, samples in self.samples.items()}
        for kind, case, size, side in product(KINDS, CASES, self.sizes, SIDES):
            key = Key(kind, case, size, side.name)
            smaller = [number for number in self.sizes if Key(kind, case, number, side.name) in found]
            if key not in found and smaller:
                known = max(smaller)
                found[key] = extrapolated(found[Key(kind, case, known, side.name)], known, size)
        return found

    def launch(self) -> Measured:
        """The median of the bare launches of Ansible."""
        return measured(self.launches)

    def _due(self, kind: str, size: int, side: Side) -> bool:
        done = self.samples.get(Key(kind, CASES[0], size, side.name), [])
        seconds = sum(
            sample.seconds for case in CASES for sample in self.samples.get(Key(kind, case, size, side.name), [])
        )
        if side is PEER and size > 10 and not self.options.whole:
            return False
        return another_round(len(done), seconds, self.options.rounds, BUDGET_S)

    def _life(self, kind: str, size: int, side: Side) -> None:
        before = holding(self.world, kind, ordered(kind, "new", size))
        for case in CASES:
            orders = ordered(kind, case, size)
            sample = self._carry_out(side, kind, _state(case), orders)
            self.samples.setdefault(Key(kind, case, size, side.name), []).append(sample)
            expected = before if case == "remove" else self._reference.get((kind, _reached(case), size))
            there = holding(self.world, kind, orders)
            self._reference.setdefault((kind, _reached(case), size), there)
            if expected is not None and (found := differences(expected, there)):
                raise DevError(
                    f"{side.name} left something else behind ({kind}, {case}, {size}); expected / found:\n"
                    + "\n".join(found[:_SHOWN])
                )

    def _carry_out(self, side: Side, kind: str, state: str, orders: list[Order]) -> Sample:
        argv = side.command(kind, state, orders, self.world.folder)
        return measure(argv, {**side.env, **self.world.env}, self.world.folder, self.world.log)


def _state(case: str) -> str:
    return "absent" if case == "remove" else "present"


def _reached(case: str) -> str:
    """The case whose outcome this one shares: doing it again changes nothing."""
    return "new" if case == "again" else case
