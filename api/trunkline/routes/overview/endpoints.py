"""The overview: what is under way, what waits, what is wrong."""

from fastapi import APIRouter, Request

from trunkline.access import Role
from trunkline.routes.authentication import Authenticated, Where, needs
from trunkline.routes.health.endpoints import ready
from trunkline.routes.overview import service
from trunkline.routes.overview.schemas import Overview
from trunkline.routes.session import Session

router = APIRouter(prefix="/overview", tags=["overview"])


@router.get("", summary="What needs attention", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def get_overview(session: Session, caller: Authenticated, request: Request) -> Overview:
    """Runs under way, approvals that wait, drift, failures and health, in one answer."""
    return Overview(
        running=await service.running(session, caller),
        waiting=await service.waiting(session, caller),
        drift=await service.drift(session, caller),
        failures=await service.failures(session, caller),
        lately=await service.lately(session, caller),
        counts=await service.counts(session, caller),
        health=await ready(session, request),
    )
