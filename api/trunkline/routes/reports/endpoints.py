"""Reports: a playbook that was run directly tells the order book what it has done."""

import uuid

from fastapi import APIRouter

from trunkline.access import Role
from trunkline.routes.authentication import Authenticated, needs
from trunkline.routes.reports import service
from trunkline.routes.reports.schemas import ReportIn, ReportOut
from trunkline.routes.session import Session
from trunkline.routes.subscriptions.schemas import subscription_out

router = APIRouter(prefix="/reports", tags=["reports"])


@router.put("/{subscription_id}", summary="Report what was done directly", dependencies=[needs(Role.OPERATOR)])
async def report(session: Session, caller: Authenticated, subscription_id: uuid.UUID, body: ReportIn) -> ReportOut:
    """The subscription is made or brought to what was reported, and a completed run keeps the report.

    The same report again changes nothing. Refused (409) while a run of this service works on the subscription, and
    where its lifecycle does not allow it.
    """
    subscription, run = await service.report(session, caller, subscription_id, body)
    return ReportOut(changed=run is not None, run=run.id if run else None, subscription=subscription_out(subscription))
