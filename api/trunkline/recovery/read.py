"""Read both sides: the order book from the database, NetBox through the collection."""

import uuid
from contextlib import closing
from typing import Any

from sqlalchemy import create_engine, select

from trunkline.db.models import JsonObject, Subscription
from trunkline.errors import Unavailable
from trunkline.recovery.compare import Ordered
from trunkline.runs.launch.contract import Call, Stop
from trunkline.runs.launch.local import LocalLauncher
from trunkline.runs.lease import of_a_person
from trunkline.settings import Settings


def order_book(settings: Settings) -> list[Ordered]:
    """All subscriptions."""
    engine = create_engine(settings.database_url)
    columns = (
        Subscription.id,
        Subscription.product_slug,
        Subscription.status,
        Subscription.description,
        Subscription.block,
    )
    try:
        with engine.connect() as connection:
            return [Ordered(*row) for row in connection.execute(select(*columns).order_by(Subscription.created_at))]
    finally:
        engine.dispose()


def fabric(settings: Settings) -> dict[str, Any]:
    """Nodes and circuits as NetBox has them. Raises Unavailable."""
    found: dict[str, Any] = learned_from(settings, "fabric_report.yml")["fabric"]
    return found


def learned_from(settings: Settings, playbook: str) -> dict[str, Any]:
    """What a playbook that changes nothing gives to set_stats. Raises Unavailable with what it said."""
    found: dict[str, Any] = {}
    said: list[str] = []

    def take(event: JsonObject) -> None:
        data = event.get("event_data")
        if not isinstance(data, dict):
            return
        if event.get("event") == "playbook_on_stats":
            found.update(data.get("artifact_data") or {})
        elif event.get("event") in ("runner_on_failed", "runner_on_unreachable"):
            said.append(str((data.get("res") or {}).get("msg", "")))

    call = Call(uuid.uuid4(), playbook, {}, check=False, timeout_s=settings.plan_timeout_s)
    # Here also where AWX does the runs: it is a person at this machine who asks.
    with of_a_person(settings, call.timeout_s) as lease, closing(LocalLauncher(settings, lease)) as launcher:
        ending = launcher.play(call, f"{playbook}-{call.run_id}", take, Stop())
    if not ending.ok or not found:
        raise Unavailable(f"{playbook} failed: {'; '.join(said) or ending.detail or 'no reason was given'}")
    return found
