"""From what was measured to what a larger network takes: pure functions."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

NODES, CIRCUITS = 10_000, 100_000
"""The network that is asked about."""
NIGHT_S = 8 * 3600
AT_ONCE = (10, 100)
# The tasks of the role `deploy` between which a router is held.
_ON_ROUTERS = ("Take the router", "Take all routers", "Make the router", "Wait until the router", "Let the router")
PATIENCE_S = 60
"""How long a person, or AWX at an inventory's update, may wait for one answer."""


@dataclass(frozen=True)
class Line:
    """Seconds (or MiB) that grow evenly with the objects: nodes and circuits."""

    name: str
    points: tuple[tuple[float, float], ...]
    base: float
    each: float

    def at(self, objects: float) -> float:
        """What it is with so many objects."""
        return self.base + self.each * objects

    def wall(self, bound: float) -> float:
        """With how many objects it passes the bound; infinite if never."""
        return (bound - self.base) / self.each if self.each > 0 else float("inf")


def line(name: str, points: Sequence[tuple[float, float]]) -> Line:
    """The straight line through the smallest and the largest that was measured, of which there must be two.

    What falls is noise, and taken for level.
    """
    (first, low), (last, high) = points[0], points[-1]
    each = max(0.0, (high - low) / (last - first))
    return Line(name, tuple(points), low if each else (low + high) / 2, each)


def lines(document: Mapping[str, Any]) -> dict[str, Line]:
    """What grows, of a document of BENCH=scale."""
    looks = document["looks"]
    objects = [look["nodes"] + look["circuits"] for look in looks]

    def grown(key: str, called: str) -> Line:
        values = [look[key] if isinstance(look[key], float) else look[key]["seconds"] for look in looks]
        return line(called, list(zip(objects, values, strict=True)))

    found = {
        "one_more": grown("one_more", "one circuit more"),
        "validate": grown("validate", "compare all with NetBox"),
        "fabric": grown("fabric", "fabric_info"),
        "inventory": grown("inventory", "inventory"),
        "netbox_mb": grown("netbox_mb", "memory of NetBox"),
        "database_mb": grown("database_mb", "memory of PostgreSQL"),
    }
    whole = [batch for batch in document["batches"] if batch["circuits"] == document["batches"][0]["circuits"]]
    if len(whole) > 1:
        each = [(batch["before"] * 4 / 3, batch["seconds"] / batch["circuits"]) for batch in whole]
        found["each"] = line("a circuit in a batch", each)
    return found


@dataclass(frozen=True)
class Need:
    """One answer to what a network needs."""

    what: str
    value: str
    how: str


def needs(document: Mapping[str, Any], pushes: Mapping[str, Any] | None) -> list[Need]:
    """What NODES and CIRCUITS need; `pushes`: a document of BENCH=run, for what routers take."""
    grown, objects = lines(document), NODES + CIRCUITS
    found = [
        Need(one.name, lasting(one.at(objects)), f"{one.base:.2f} s + {one.each * 1000:.3f} ms an object")
        for one in (grown["one_more"], grown["fabric"], grown["inventory"], grown["validate"])
    ]
    if each := grown.get("each"):
        half_way_s = each.base + each.each * objects / 2
        how = f"{half_way_s:.2f} s a circuit, half-way"
        found.append(Need("all circuits from nothing, in batches", lasting(half_way_s * CIRCUITS), how))
    found += _runs(document, objects)
    found += [_looked_at(fleet) for fleet in document["fleets"]]
    if pushes:
        found += _with_routers(pushes)
    for key in ("netbox_mb", "database_mb"):
        one = grown[key]
        found.append(
            Need(one.name, f"{one.at(objects) / 1024:.1f} GiB", f"{one.base:.0f} MiB + {one.each:.4f} an object")
        )
    return found


def lasting(seconds: float) -> str:
    """As a person would say it: in seconds, minutes or hours."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s"


def _runs(document: Mapping[str, Any], objects: int) -> list[Need]:
    best = max(document["loads"], key=lambda load: float(load["runs"]) / load["seconds"])
    rate = best["runs"] / best["seconds"]
    cores = document["machine"]["cores"]
    # A run of the benchmark plans and applies; a validation only plans.
    whole_s = objects / (2 * rate)
    return [
        Need(
            "each subscription validated by a run of its own",
            lasting(whole_s),
            f"{2 * rate:.1f} a second on {cores} cores, with playbooks that do next to nothing",
        ),
        Need("cores for that within a night", f"{ceil(whole_s / NIGHT_S * cores)}", "eight hours"),
        Need("memory of a worker", f"{best['worker_mb']:.0f} MiB", f"{best['concurrency']} playbooks at a time"),
    ]


def _looked_at(fleet: Mapping[str, Any]) -> Need:
    each_s = fleet["again"]["seconds"] / fleet["routers"]
    return Need(
        "all routers compared with their intent by one network.yml",
        lasting(each_s * NODES),
        f"{each_s:.2f} s a router, {fleet['forks']} at a time, as {fleet['routers']} real ones took",
    )


def _with_routers(document: Mapping[str, Any]) -> list[Need]:
    verified_s = sum(one["verified_s"] for one in document["lives"]) / len(document["lives"])
    how = f"each takes {verified_s:.1f} s with routers"
    found = [Need("runs at once for 1,000 orders an hour", f"{verified_s * 1000 / 3600:.1f}", how)]
    if latencies := pushes_s(document):
        how = f"simulated: {min(latencies):.1f} to {max(latencies):.1f} s a router, as recorded"
        found += [
            Need(
                f"{NODES:,} routers pushed and proved, {many} at once",
                lasting(makespan_s(latencies, NODES, many)),
                how,
            )
            for many in AT_ONCE
        ]
    return found


def pushes_s(document: Mapping[str, Any]) -> list[float]:
    """Of each order of BENCH=run how long its routers were worked on, from their lease until they were let go."""
    found = []
    for one in document["lives"]:
        spans = [span for span in one.get("spans", ()) if span["stage"] == "apply"]
        on_them = [span for span in spans if span["name"].startswith(_ON_ROUTERS)]
        if on_them:
            last = on_them[-1]
            found.append(last["begin_s"] + last["seconds"] - on_them[0]["begin_s"])
    return found


def makespan_s(latencies: Sequence[float], jobs: int, at_once: int) -> float:
    """Seconds until so many jobs are done, of which so many go on at once; each takes one of the latencies, in turn."""
    free_at = [0.0] * at_once
    for number in range(jobs):
        heapq.heappush(free_at, heapq.heappop(free_at) + latencies[number % len(latencies)])
    return max(free_at)


def first_wall(document: Mapping[str, Any]) -> tuple[str, float]:
    """What passes its bound first, and with how many nodes and circuits."""
    grown = lines(document)
    walls = {grown[key].name: grown[key].wall(PATIENCE_S) for key in ("one_more", "fabric", "inventory")}
    best = max(float(load["runs"]) / load["seconds"] for load in document["loads"])
    walls["a validation of each within a night, on this machine"] = 2 * best * NIGHT_S
    name = min(walls, key=lambda one: walls[one])
    return name, walls[name]
