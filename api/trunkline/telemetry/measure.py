"""Figures of a stage, stored when it ends: counters in a process would be lost with it, and known to it alone."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.db.models import Measurement, Run
from trunkline.runs.outcome import Result


async def measure(session: AsyncSession, run: Run, stage: str, seconds: float, result: Result) -> None:
    """Store how long the stage took, and what its playbook reported of pushes and requests."""
    found = [("stage_seconds", seconds), *(("push_seconds", push) for push in result.pushes_s)]
    if result.netbox_requests:
        found.append(("netbox_requests", float(result.netbox_requests)))
    labels = {"run_id": run.id, "stage": stage, "target": run.target.value}
    await session.execute(insert(Measurement), [{**labels, "name": name, "value": value} for name, value in found])
