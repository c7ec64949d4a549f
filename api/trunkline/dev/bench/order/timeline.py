"""Where the seconds of a run went: pure functions from what the API tells of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

# The last task before which nothing is proved, as the collection's role `verify` names it.
_PROOF = "proves that it works"


@dataclass(frozen=True)
class Span:
    """What a run did from one moment to the next: seconds since its order, and for how long."""

    stage: str
    name: str
    begin_s: float
    seconds: float


def spans(run: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[Span]:
    """The run from its order to its end without a gap: each thing lasts until the next one begins."""
    began = datetime.fromisoformat(run["created_at"])
    moments = sorted(_moments(run, events), key=lambda moment: moment[0])
    ends = [*(moment for moment, _stage, _name in moments[1:]), datetime.fromisoformat(run["finished_at"])]
    return [
        Span(stage, name, (moment - began).total_seconds(), (end - moment).total_seconds())
        for (moment, stage, name), end in zip(moments, ends, strict=True)
    ]


def verified_s(run: Mapping[str, Any]) -> float:
    """Seconds from the order until all its routers had proved it."""
    ends = [step["finished_at"] for step in run["steps"] if step["stage"] == "apply" and _PROOF in step["name"]]
    return (datetime.fromisoformat(max(ends)) - datetime.fromisoformat(run["created_at"])).total_seconds()


def completed_s(run: Mapping[str, Any]) -> float:
    """Seconds from the order to the run's end."""
    ended, began = (datetime.fromisoformat(run[name]) for name in ("finished_at", "created_at"))
    return (ended - began).total_seconds()


def typical(rounds: Sequence[Sequence[Span]]) -> list[Span]:
    """The medians of what is alike in the rounds, in the order of the first."""
    alike: dict[tuple[str, str], list[Span]] = {}
    for one in rounds:
        for span in one:
            alike.setdefault((span.stage, span.name), []).append(span)
    return [
        Span(stage, name, median(one.begin_s for one in found), median(one.seconds for one in found))
        for (stage, name), found in alike.items()
    ]


def _moments(run: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[datetime, str, str]]:
    """When something began: (moment, stage, what)."""
    yield datetime.fromisoformat(run["created_at"]), "queue", "until a worker takes it"
    ended: dict[str, datetime] = {}
    for event in events:
        status = event["payload"].get("status") if event["kind"] == "status" else None
        if status in ("planning", "applying"):
            stage = "plan" if status == "planning" else "apply"
            yield datetime.fromisoformat(event["created_at"]), stage, "(start of the playbook)"
    for step in run["steps"]:
        end = datetime.fromisoformat(step["finished_at"])
        ended[step["stage"]] = max(end, ended.get(step["stage"], end))
        yield datetime.fromisoformat(step["started_at"]), step["stage"], step["name"]
    for stage, moment in ended.items():
        yield moment, stage, "(end of the playbook)"
