"""Prometheus metrics, all of them read from the database: they are the same whichever process is asked."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Delivery, Measurement, Run, RunStatus, Schedule, Subscription
from trunkline.lifecycle import IN_SERVICE

_BUCKETS: dict[str, tuple[float, ...]] = {
    "stage_seconds": (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600),
    "push_seconds": (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
}
_SAID = {
    "stage_seconds": "Seconds that a stage of a run took, whatever came of it.",
    "push_seconds": "Seconds that pushing to one device took.",
}
_WAITING = text(
    "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
)
_RUNNING = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")
_WORKERS = text(
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)


class _Collected(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def exposition(session: AsyncSession, stalled_after_s: float) -> bytes:
    """All metrics, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        _Collected(
            [
                *await _runs(session),
                *await _queue(session, stalled_after_s),
                *await _histograms(session),
                *await _others(session),
            ]
        )
    )
    return generate_latest(registry)


async def _runs(session: AsyncSession) -> list[Metric]:
    runs = GaugeMetricFamily("trunkline_runs", "Runs by target and status.", labels=["target", "status"])
    query = select(Run.target, Run.status, func.count()).group_by(Run.target, Run.status)
    for target, status, number in await session.execute(query):
        runs.add_metric([target.value, status.value], number)
    waiting = Run.status == RunStatus.AWAITING_APPROVAL, ~Run.carried
    number, oldest = (await session.execute(select(func.count(), func.min(Run.created_at)).where(*waiting))).one()
    approvals = GaugeMetricFamily("trunkline_approvals_waiting", "Runs that wait for a person.", value=number)
    since = GaugeMetricFamily(
        "trunkline_approvals_oldest_timestamp_seconds", "When the longest waiting of them was ordered; 0: none waits."
    )
    since.add_metric([], oldest.timestamp() if oldest else 0)
    return [runs, approvals, since]


async def _queue(session: AsyncSession, stalled_after_s: float) -> list[Metric]:
    waiting, running = await session.scalar(_WAITING), await session.scalar(_RUNNING)
    workers = await session.scalar(_WORKERS, {"seconds": stalled_after_s})
    return [
        GaugeMetricFamily("trunkline_jobs_waiting", "Stages that wait for a worker.", value=waiting),
        GaugeMetricFamily("trunkline_jobs_running", "Stages that a worker has taken.", value=running),
        GaugeMetricFamily("trunkline_workers", "Workers that gave a sign of life lately.", value=workers),
    ]


async def _histograms(session: AsyncSession) -> list[Metric]:
    families: list[Metric] = []
    for name, bounds in _BUCKETS.items():
        family = HistogramMetricFamily(f"trunkline_{name}", _SAID[name], labels=["stage", "target"])
        below: list[ColumnElement[int]] = [func.count().filter(Measurement.value <= bound) for bound in bounds]
        query = select(Measurement.stage, Measurement.target, func.count(), func.sum(Measurement.value), *below)
        query = query.where(Measurement.name == name).group_by(Measurement.stage, Measurement.target)
        for stage, target, number, total, *counts in await session.execute(query):
            buckets = [*zip(map(str, bounds), counts, strict=True), ("+Inf", number)]
            family.add_metric([stage, target], buckets, total)
        families.append(family)
    requests = CounterMetricFamily(
        "trunkline_netbox_requests", "HTTP requests that playbooks sent to NetBox.", labels=["stage", "target"]
    )
    sums = select(Measurement.stage, Measurement.target, func.sum(Measurement.value))
    sums = sums.where(Measurement.name == "netbox_requests").group_by(Measurement.stage, Measurement.target)
    for stage, target, total in await session.execute(sums):
        requests.add_metric([stage, target], total)
    return [*families, requests]


async def _others(session: AsyncSession) -> list[Metric]:
    subscriptions = GaugeMetricFamily(
        "trunkline_subscriptions", "Subscriptions by product and status.", labels=["product", "status"]
    )
    drift = GaugeMetricFamily("trunkline_drift", "Subscriptions in service that are out of sync.", labels=["product"])
    drifted = func.count().filter(~Subscription.insync)
    drifting: dict[str, int] = {}
    query = select(Subscription.product_slug, Subscription.status, func.count(), drifted)
    for product, status, number, out in await session.execute(
        query.group_by(Subscription.product_slug, Subscription.status)
    ):
        subscriptions.add_metric([product, status.value], number)
        drifting[product] = drifting.get(product, 0) + (out if status in IN_SERVICE else 0)
    for product, number in drifting.items():
        drift.add_metric([product], number)
    deliveries = GaugeMetricFamily(
        "trunkline_deliveries", "Notifications by event and status.", labels=["event", "status"]
    )
    for event, state, number in await session.execute(
        select(Delivery.event, Delivery.status, func.count()).group_by(Delivery.event, Delivery.status)
    ):
        deliveries.add_metric([event.value, state.value], number)
    fired = GaugeMetricFamily(
        "trunkline_schedule_last_timestamp_seconds", "When the clock last fired a schedule.", labels=["schedule"]
    )
    for name, last_at in await session.execute(select(Schedule.name, Schedule.last_at)):
        fired.add_metric([name], last_at.timestamp() if last_at else 0)
    return [subscriptions, drift, deliveries, fired]
