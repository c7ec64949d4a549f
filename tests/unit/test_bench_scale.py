"""What a larger network takes is computed from what was measured: straight lines, needs, the first wall, the page."""

import copy
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from trunkline.dev.bench.figures import Measured
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.scale import capacity, fleet, model, report
from trunkline.dev.bench.scale.contest import Contest
from trunkline.dev.bench.scale.engine import Burst, Overhead
from trunkline.dev.bench.scale.growing import Batch, Look
from trunkline.dev.bench.scale.svg import plot
from trunkline.dev.lab import topology


def took(seconds: float, requests: int = 6) -> dict[str, Any]:
    return {"seconds": seconds, "requests": requests, "writes": 0, "rounds": 1, "extrapolated": 0}


def look(nodes: int, seconds: float) -> dict[str, Any]:
    names = ("one_more", "one_more_beside", "validate", "fabric", "inventory")
    return {
        "nodes": nodes,
        "circuits": 3 * nodes,
        **{name: took(seconds) for name in names},
        "netbox_mb": 300.0 + nodes,
        "database_mb": 100.0,
    }


DOCUMENT: dict[str, Any] = {
    "machine": {
        "date": "2026-01-31T10:00:00+00:00",
        "commit": "abc",
        "cores": 2,
        "load": [2.5, 2.1, 1.0],
        "processor": "a processor",
    },
    "fleets": [
        {
            "routers": 50,
            "circuits": 100,
            "forks": 10,
            "made": took(100.0),
            "again": took(30.0),
            "changed": took(40.0),
        }
    ],
    "looks": [look(0, 1.0), look(1000, 5.0)],
    "batches": [
        {"before": 0, "circuits": 100, "seconds": 5.0, "requests": 50},
        {"before": 2900, "circuits": 100, "seconds": 10.0, "requests": 50},
    ],
    "loads": [
        {"runs": 100, "seconds": 100.0, "workers": 1, "concurrency": 2, "worker_mb": 200.0},
        {"runs": 100, "seconds": 50.0, "workers": 2, "concurrency": 2, "worker_mb": 210.0},
    ],
}


def test_a_line_leads_through_the_smallest_and_the_largest_that_was_measured() -> None:
    found = model.line("x", [(0, 1.0), (100, 9.0), (1000, 3.0)])
    assert (found.base, found.each) == (1.0, 0.002)
    assert found.at(10_000) == pytest.approx(21.0)
    assert found.wall(11.0) == pytest.approx(5000)


def test_what_falls_is_taken_for_level_and_has_no_wall() -> None:
    found = model.line("x", [(0, 3.0), (1000, 1.0)])
    assert (found.at(0), found.at(10_000)) == (2.0, 2.0)
    assert found.wall(60) == float("inf")


def test_the_first_wall_is_what_passes_its_bound_with_the_fewest_objects() -> None:
    name, objects = model.first_wall(DOCUMENT)
    assert name == "one circuit more"
    assert objects == pytest.approx((60 - 1) / 0.001)
    slow = copy.deepcopy(DOCUMENT)
    slow["loads"] = [{"runs": 1, "seconds": 10.0}]
    assert model.first_wall(slow) == ("a validation of each within a night, on this machine", 5760)


def test_needs_come_from_the_figures() -> None:
    found = {need.what: need.value for need in model.needs(DOCUMENT, None)}
    assert found["fabric_info"] == "111.0 s"
    # Two runs a second, each a plan and an apply: four plans a second.
    assert found["each subscription validated by a run of its own"] == "8 h"  # 110,000 at 4 a second
    assert found["cores for that within a night"] == "2"
    assert found["all routers compared with their intent by one network.yml"] == "100 min"
    assert "runs at once for 1,000 orders an hour" not in found
    pushed = {need.what: need.value for need in model.needs(DOCUMENT, {"lives": [{"verified_s": 3.6}]})}
    assert pushed["runs at once for 1,000 orders an hour"] == "1.0"


def test_pushes_are_simulated_with_what_was_recorded() -> None:
    def span(name: str, begin_s: float, seconds: float) -> dict[str, Any]:
        return {"stage": "apply", "name": name, "begin_s": begin_s, "seconds": seconds}

    spans = [
        span("Ensure the circuit, its cables and its addresses", 1, 1),
        span("Take the router, if it is free", 2, 0.5),
        span("Make the router carry its intent", 2.5, 1),
        span("Let the router keep what was pushed, and give it back", 4, 0.5),
        span("Stop unless both routers have proved the circuit", 4.5, 0.1),
    ]
    assert model.pushes_s({"lives": [{"spans": spans}]}) == [2.5]
    assert model.makespan_s([2.0], 10, 3) == 8.0
    assert model.makespan_s([1.0, 3.0], 4, 2) == 5.0


def test_the_page_and_its_picture_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_OF_RUN", tmp_path / "none.json")
    page = capacity.write(DOCUMENT, tmp_path)
    text = page.read_text()
    assert "up to 1,000 nodes\nand 3,000 circuits (2026-01-31, commit abc, 2 cores" in text
    assert "| fabric_info | 1.0 s · 6 | 5.0 s · 6 |" in text
    assert "all of 50 real routers and 100 circuits in one file" in text
    assert "100 s from nothing, 30 s when nothing is to be done, 40 s with another metric" in text
    assert "{" not in text
    picture = tmp_path / re.findall(r"!\[.*\]\((.*)\)", text)[0]
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


def test_a_plot_stays_within_its_frame_and_names_each_line() -> None:
    grown = model.lines(DOCUMENT)
    root = ElementTree.fromstring(plot([grown["fabric"], grown["validate"]], 220_000, 110_000, "there"))
    texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    assert any(text.startswith("fabric_info: ") for text in texts)
    ys = [float(element.attrib["cy"]) for element in root.iter() if element.tag.endswith("circle")]
    assert ys
    assert all(0 < y < 420 for y in ys)


@pytest.mark.parametrize(("routers", "circuits"), [(4, 4), (15, 30), (50, 100)])
def test_a_network_of_any_size_is_one_that_the_lab_builds(tmp_path: Path, routers: int, circuits: int) -> None:
    network = fleet.network(routers)
    assert len(network["network_circuits"]) == circuits
    file = tmp_path / "fleet.clab.yml"
    file.write_text(json.dumps(fleet.topology(network)))
    built = topology.load(file)
    assert len(built.nodes) == routers
    assert {len(built.interfaces(name)) for name in built.nodes} == {2 * circuits // routers}


def contest(nodes: int, more: Measured) -> Contest:
    """One in which a circuit more took so much, and a second beside it in the empty NetBox."""
    from rich.console import Console  # noqa: PLC0415 (only here)

    once = Measured(1.0, 6, 5, rounds=1)
    made = Contest(Options(rounds=1), Console())
    made.looks = [
        Look(0, 0, once, once, [(1.0, 1.0)], once, once, once, 300, 100),
        Look(
            nodes, 3 * nodes, more, once, [(9.0, 1.0), (more.seconds, 1.0), (2 * more.seconds, 2.0)],
            Measured(50.0, 6, 0, 1), once, once, 300, 100,
        ),
    ]  # fmt: skip
    # Slow ones in the beginning, and one at the end, are not what is judged.
    made.batches = [Batch(100 * number, 100, 10.0 if 2 < number < 12 else 61.0, 50) for number in range(13)]
    return made


def test_one_circuit_more_must_cost_no_more_in_a_full_netbox_than_in_the_empty_one_beside_it() -> None:
    verdicts = {one.name: one.met for one in report.figures(contest(1000, Measured(1.2, 6, 5, 1)))}
    assert verdicts == {
        "one circuit more: requests, full - empty": True,
        "one circuit more: seconds, full / empty": True,
        "validate 3,000 circuits in NetBox": True,
        "100 circuits in one batch, without routers, at the end": True,
    }
    slow = contest(1000, Measured(1.2, 6, 5, 1))
    slow.batches = [Batch(100 * number, 100, 10.0 if number < 12 else 61.0, 50) for number in range(18)]
    assert [one.met for one in report.figures(slow) if one.name.startswith("100 circuits")] == [False]
    missed = {one.name: one.met for one in report.figures(contest(10, Measured(1.3, 7, 5, 1)))}
    assert missed["one circuit more: requests, full - empty"] is False
    assert missed["one circuit more: seconds, full / empty"] is False
    assert "validate 30 circuits in NetBox" not in missed
    json.dumps(report.document({}, contest(10, Measured(1.3, 7, 5, 1)), []))


def test_the_engine_is_judged_by_what_it_adds_and_by_how_soon_the_first_of_many_begins() -> None:
    made = contest(10, Measured(1.0, 6, 5, 1))
    made.overheads = [Overhead(run_s=1.5, launches_s=1.375, per_second=1.0)]
    made.bursts = [Burst(1000, answered_s=1.5, begun_s=2.5, done_s=30.0)]
    judged = {one.name: (one.value, one.met) for one in report.figures(made)}
    assert judged["the engine adds to a run"] == (125.0, True)
    assert judged["1,000 orders: the first begun"] == (2.5, False)
    assert report.document({}, made, [])["bursts"] == [
        {"orders": 1000, "answered_s": 1.5, "begun_s": 2.5, "done_s": 30.0}
    ]
