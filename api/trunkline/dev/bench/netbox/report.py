"""The results as a table, as verdicts on the figures of the project, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from trunkline.dev.bench.figures import Figure, Measured, ratio
from trunkline.dev.bench.netbox.contest import CASES, KINDS, Contest, Key
from trunkline.dev.bench.netbox.sides import FLOOR, OURS, PEER, SIDES

Results = Mapping[Key, Measured]
MANY = 100


def figures(results: Results, launch: Measured) -> list[Figure]:
    """The figures that the project wants, as far as their sizes were measured."""
    wanted: list[Figure] = []
    for kind, most in (("node", 6), ("circuit", 9)):
        for case, bound in (("new", most), ("again", 1), ("remove", 6)):
            if one := results.get(Key(kind, case, 1, OURS.name)):
                wanted.append(Figure(f"requests, {kind} {case}", one.requests, bound))
    if many := results.get(Key("circuit", "new", MANY, OURS.name)):
        wanted.append(Figure(f"requests, {MANY} circuits new in one call", many.requests, 60))
    ours, peer, floor = (results.get(Key("node", "new", 1, side.name)) for side in (OURS, PEER, FLOOR))
    if ours and peer and floor:
        wanted += [
            Figure(
                "node new: times faster than netbox.netbox", ratio(peer.seconds, ours.seconds), 4, "x", at_least=True
            ),
            Figure("node new: times fewer requests", ratio(peer.requests, ours.requests), 5, "x", at_least=True),
            Figure(
                "node new: seconds of (pynetbox script + bare launch)",
                ratio(ours.seconds, floor.seconds + launch.seconds),
                1.5,
                "x",
            ),
        ]
    return wanted


def table(results: Results) -> Table:
    """Seconds and requests of each side; of the others also how many times ours that is."""
    title = "NetBox: wall seconds of the whole command, HTTP requests, and how many times ours that is"
    shown = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0))
    for name in ("", "objects"):
        shown.add_column(name, justify="right" if name else "left", no_wrap=True)
    for side in SIDES:
        shown.add_column(f"{side.name}\nseconds", justify="right", no_wrap=True)
        shown.add_column("\nrequests", justify="right", no_wrap=True)
    most = max(one.rounds for one in results.values())
    for kind, case, size in _rows(results):
        ours = results[Key(kind, case, size, OURS.name)]
        cells: list[str] = []
        for side in SIDES:
            one = results[Key(kind, case, size, side.name)]
            cells += _cells(one, None if side is OURS else ours, most)
        shown.add_row(f"{kind} {case}", str(size), *cells, end_section=case == CASES[-1])
    notes = [f"medians of {most} rounds"]
    if any(one.rounds < most and not one.extrapolated for one in results.values()):
        notes.append("* of fewer")
    if any(one.extrapolated for one in results.values()):
        notes.append("~ not measured, extrapolated from fewer objects")
    shown.caption = "; ".join(notes)
    return shown


def document(
    machine: Mapping[str, Any], contest: Contest, results: Results, wanted: Sequence[Figure]
) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "bench": "netbox",
        "machine": machine,
        "launch": {**asdict(contest.launch()), "samples": [asdict(sample) for sample in contest.launches]},
        "results": [
            {**key._asdict(), **asdict(one), "samples": [asdict(sample) for sample in contest.samples.get(key, [])]}
            for key, one in results.items()
        ],
        "figures": [one.record() for one in wanted],
    }


def _rows(results: Results) -> Iterator[tuple[str, str, int]]:
    sizes = sorted({key.size for key in results})
    return ((kind, case, size) for kind in KINDS for size in sizes for case in CASES)


def _cells(one: Measured, ours: Measured | None, most: int) -> tuple[str, str]:
    approximately = "~" if one.extrapolated else ""
    fewer = "*" if one.rounds < most and not one.extrapolated else ""
    times = [
        f" ({ratio(theirs, own):.1f}x)" if ours else ""
        for theirs, own in ((one.seconds, ours.seconds if ours else 0), (one.requests, ours.requests if ours else 0))
    ]
    return f"{approximately}{one.seconds:.2f}{fewer}{times[0]}", f"{approximately}{one.requests}{times[1]}"
