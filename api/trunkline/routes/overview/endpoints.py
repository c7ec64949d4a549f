"""The overview: what is under way, what waits, what is wrong."""

from fastapi import APIRouter, Request

from trunkline.access import Role
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.health.endpoints import ready
from trunkline.routes.overview import service
from trunkline.routes.overview.devices import devices
from trunkline.routes.overview.schemas import Overview
from trunkline.routes.session import Session
from trunkline.routes.workers import service as workers

router = APIRouter(prefix="/overview", tags=["overview"])


@router.get("", summary="What needs attention", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def get_overview(session: Session, caller: Authenticated, request: Request) -> Overview:
    """Runs under way, approvals that wait, drift, failures and health, in one answer."""
    settings = request.app.state.settings
    waiting = await service.waiting(session, caller)
    return Overview(
        running=await service.running(session, caller),
        waiting=waiting,
        to_decide=await service.to_decide(session, caller, waiting, four_eyes=settings.four_eyes),
        drift=await service.drift(session, caller),
        failures=await service.failures(session, caller),
        lately=await service.lately(session, caller),
        counts=await service.counts(session, caller),
        health=await ready(session, request),
        workers=await workers.counts(session, settings.lease_s),
        devices=await devices(session, caller),
    )
