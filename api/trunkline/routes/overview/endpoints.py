"""The overview: what is under way, what waits, what is wrong."""

from fastapi import APIRouter, Request

from trunkline.routes.health.endpoints import ready
from trunkline.routes.overview import service
from trunkline.routes.overview.schemas import Overview
from trunkline.routes.session import Session

router = APIRouter(prefix="/overview", tags=["overview"])


@router.get("", summary="What needs attention")
async def get_overview(session: Session, request: Request) -> Overview:
    """Runs under way, approvals that wait, drift, failures and health, in one answer."""
    return Overview(
        running=await service.running(session),
        waiting=await service.waiting(session),
        drift=await service.drift(session),
        failures=await service.failures(session),
        lately=await service.lately(session),
        counts=await service.counts(session),
        health=await ready(session, request),
    )
