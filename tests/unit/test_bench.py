from pathlib import Path

import pytest
from rich.console import Console

from trunkline.dev import bench, system
from trunkline.dev.bench.command import RequestLog, is_write, measure
from trunkline.dev.bench.figures import Figure, Measured, Sample, another_round, extrapolated, measured, ratio
from trunkline.dev.bench.netbox import orders, report
from trunkline.dev.bench.netbox.contest import Key
from trunkline.dev.bench.netbox.outcome import differences, normal
from trunkline.dev.bench.netbox.sides import FLOOR, OURS, PEER
from trunkline.dev.bench.options import Options
from trunkline.dev.bench.order import timeline
from trunkline.dev.errors import DevError


def test_the_median_counts_so_that_one_slow_round_does_not() -> None:
    samples = [Sample(1.0, 6, 5), Sample(9.0, 7, 5), Sample(1.2, 6, 5)]
    assert measured(samples) == Measured(seconds=1.2, requests=6, writes=5, rounds=3)


def test_what_is_extrapolated_says_so() -> None:
    known = Measured(seconds=20.0, requests=300, writes=70, rounds=2)
    assert extrapolated(known, 10, 100) == Measured(200.0, 3000, 700, rounds=2, extrapolated=10)


@pytest.mark.parametrize(
    ("other", "ours", "times"), [(6.0, 1.5, 4.0), (1.5, 3.0, 0.5), (0, 0, 1.0), (3, 0, float("inf"))]
)
def test_a_ratio_says_how_many_times_ours_the_other_is(other: float, ours: float, times: float) -> None:
    assert ratio(other, ours) == times


@pytest.mark.parametrize(
    ("done", "seconds", "again"),
    [
        (0, 0.0, True),
        (1, 5.0, True),
        (1, 50.0, True),
        (1, 50.1, False),
        (2, 60.0, True),
        (2, 70.0, False),
        (3, 1.0, False),
    ],
)
def test_a_slow_side_is_measured_less_often_but_once_at_least(done: int, seconds: float, again: bool) -> None:
    assert another_round(done, seconds, rounds=3, budget_s=100.0) is again


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("requests", 6, 6), "met"),
        (Figure("requests", 7, 6), "missed"),
        (Figure("times faster", 4.0, 4, "x", at_least=True), "met"),
        (Figure("times faster", 3.9, 4, "x", at_least=True), "missed"),
    ],
)
def test_a_figure_is_met_up_to_and_at_its_bound(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
    assert figure.record()["met"] is (verdict == "met")


def test_the_figures_compare_one_new_node_with_the_peers() -> None:
    results = {
        Key("node", "new", 1, OURS.name): Measured(1.5, 6, 5, 3),
        Key("node", "new", 1, PEER.name): Measured(7.5, 24, 8, 3),
        Key("node", "new", 1, FLOOR.name): Measured(0.5, 8, 6, 3),
        Key("circuit", "new", 100, OURS.name): Measured(9.0, 61, 50, 3),
    }
    found = {one.name: (one.value, one.met) for one in report.figures(results, launch=Measured(0.7, 0, 0, 3))}
    assert found == {
        "requests, node new": (6, True),
        "requests, 100 circuits new in one call": (61, False),
        "node new: times faster than netbox.netbox": (5.0, True),
        "node new: times fewer requests": (4.0, False),
        "node new: seconds of (pynetbox script + bare launch)": (pytest.approx(1.25), True),
    }


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [("GET", "/api/dcim/devices/", False), ("POST", "/graphql/", False), ("PATCH", "/api/dcim/devices/1/", True)],
)
def test_a_graphql_query_is_no_write(method: str, path: str, write: bool) -> None:
    assert is_write(method, path) is write


def test_only_the_requests_of_the_command_itself_are_counted(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.log")
    log.path.write_text("GET /api/status/\n")
    script = f"printf 'POST /graphql/\\nPOST /api/dcim/devices/\\n' >> {log.path}"
    sample = measure(["sh", "-c", script], {}, tmp_path, log)
    assert (sample.requests, sample.writes) == (2, 1)
    assert 0 < sample.seconds < 60


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(DevError, match="ended with 3:\n    no such pool"):
        measure(["sh", "-c", "echo no such pool; exit 3"], {}, tmp_path, RequestLog(tmp_path / "requests.log"))


def test_each_circuit_has_interfaces_of_its_own_on_routers_that_are_there() -> None:
    found = orders.circuits(100)
    ends = [(order[side]["node"], order[side]["interface"]) for order in found for side in "az"]
    assert len(set(ends)) == 200
    assert {node for node, _ in ends} <= {order["name"] for order in orders.routers(100)}


def test_a_change_is_an_order_for_the_same_objects() -> None:
    for kind in ("node", "circuit"):
        new, changed = (orders.ordered(kind, case, 3) for case in ("new", "change"))
        assert [order["subscription"] for order in new] == [order["subscription"] for order in changed]
        assert new != changed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"tags": ["b", "a"]}, {"tags": ["a", "b"]}),
        ({"address": "10.0.0.2/32"}, {"address": "10.0.0.9/22"}),
        ({"address": "fc00:0:1:4::1/127"}, {"address": "fc00:0:1:8::1/127"}),
        ({"prefix": "10.1.0.2/31"}, {"prefix": "10.1.0.8/31"}),
    ],
)
def test_who_came_first_makes_no_difference_to_the_outcome(one: dict[str, object], other: dict[str, object]) -> None:
    assert differences(normal(one), normal(other)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"status": "staged"}, {"status": "active"}),
        ({"address": "172.20.0.1/16"}, {"address": "172.20.0.2/16"}),
        ({"address": "10.1.0.2/31"}, {"address": "10.1.0.3/31"}),
        ({"prefix": "10.1.0.4/31"}, {"prefix": "10.1.0.4/30"}),
        ({"prefix": "10.1.0.0/22"}, {"prefix": "10.0.0.0/22"}),
        ({"interfaces": [{"name": "lo0"}]}, {"interfaces": []}),
        ({"cable": None}, {"cable": {"label": "B-1"}}),
    ],
)
def test_all_else_is_a_difference(one: dict[str, object], other: dict[str, object]) -> None:
    assert len(differences(normal(one), normal(other))) == 1


def test_a_difference_is_named_by_its_place() -> None:
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 2}]}) == ["a[0].b: 1 / 2"]


def test_a_run_is_accounted_for_without_a_gap_up_to_its_proof_and_its_end() -> None:
    def at(second: float) -> str:
        return f"2026-01-01T00:00:{second:09.6f}+00:00"

    def step(stage: str, name: str, begin: float, end: float) -> dict[str, str]:
        return {"stage": stage, "name": name, "started_at": at(begin), "finished_at": at(end)}

    run = {
        "created_at": at(1),
        "finished_at": at(9),
        "steps": [
            step("plan", "Document", 2, 2.5),
            step("plan", "Wait until the router proves that it works", 2.5, 2.6),
            step("apply", "Document", 4, 5.5),
            step("apply", "Wait until the router proves that it works", 6, 7),
        ],
    }
    events = [
        {"kind": "status", "created_at": at(1.1), "payload": {"status": "planning"}},
        {"kind": "status", "created_at": at(3), "payload": {"status": "applying"}},
        {"kind": "ok", "created_at": at(5), "payload": {}},
    ]
    found = timeline.spans(run, events)
    assert [(span.stage, span.name, round(span.seconds, 3)) for span in found] == [
        ("queue", "until a worker takes it", 0.1),
        ("plan", "(start of the playbook)", 0.9),
        ("plan", "Document", 0.5),
        ("plan", "Wait until the router proves that it works", 0.1),
        ("plan", "(end of the playbook)", 0.4),
        ("apply", "(start of the playbook)", 1),
        ("apply", "Document", 2),
        ("apply", "Wait until the router proves that it works", 1),
        ("apply", "(end of the playbook)", 2),
    ]
    assert (timeline.verified_s(run), timeline.completed_s(run)) == (6, 8)


@pytest.mark.parametrize("which", ["all", "run", "scale", "netbox", "api"])
def test_what_a_bench_needs_of_the_machine_is_there_before_the_first_one_begins(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []
    monkeypatch.setattr(system, "require_root", lambda: done.append("root"))
    monkeypatch.setattr(system, "ensure_packages", lambda packages=system.PACKAGES: done.append(sorted(packages)))
    for name in bench.BENCHES:
        monkeypatch.setitem(bench.BENCHES, name, lambda *_, name=name: done.append(name))
    bench.run(which, Options(), Console())
    everything = ["root", sorted(system.PACKAGES)]
    assert (
        done
        == {
            "all": [*everything, *bench.BENCHES],
            "run": [*everything, "run"],
            "scale": [*everything, "scale"],
            "netbox": [["postgresql"], "netbox"],
            "api": [["postgresql"], "api"],
        }[which]
    )
