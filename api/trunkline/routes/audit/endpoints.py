"""The audit trail: read and exported, never changed."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Select, select

from trunkline.access import Role
from trunkline.db.models import AuditEntry
from trunkline.db.session import SessionMaker
from trunkline.routes.audit.schemas import AuditFilter, AuditOut, Moment
from trunkline.routes.authentication import needs
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Session

router = APIRouter(prefix="/audit", tags=["audit"])

_MEDIA_TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
_AT_ONCE = 500
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get(
    "", summary="What was done", response_model=Page[AuditOut] | Page[Partial], dependencies=[needs(Role.ADMIN)]
)
async def list_entries(session: Session, params: Annotated[AuditFilter, Query()]) -> Response:
    """Who did what, when, from where, in which run; newest first."""
    query = between(select(AuditEntry), params.since, params.until)
    return await LISTING.answer(session, query, params, AuditOut)


@router.get(
    "/export",
    summary="The audit trail as a file",
    response_class=Response,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in _MEDIA_TYPES.values()}}},
    dependencies=[needs(Role.ADMIN)],
)
async def export(
    request: Request,
    format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002 (the name of the parameter in the URL)
    since: Moment | None = None,
    until: Moment | None = None,
) -> Response:
    """Every entry, oldest first: one JSON object a line, or CSV."""
    lines = _lines(request.app.state.sessions, format, since, until)
    return StreamingResponse(lines, media_type=_MEDIA_TYPES[format])


async def _lines(
    sessions: SessionMaker, form: str, since: datetime | None, until: datetime | None
) -> AsyncIterator[str]:
    last = 0
    if form == "csv":
        yield _row(list(AuditOut.model_fields))
    while True:
        query = between(select(AuditEntry).where(AuditEntry.id > last), since, until)
        async with sessions() as session:
            found = (await session.scalars(query.order_by(AuditEntry.id).limit(_AT_ONCE))).all()
        for entry in found:
            last = entry.id
            shown = AuditOut.model_validate(entry)
            yield shown.model_dump_json() + "\n" if form == "jsonl" else _row(_cells(shown))
        if len(found) < _AT_ONCE:
            return


def _cells(entry: AuditOut) -> list[str]:
    values = entry.model_dump(mode="json").values()
    texts = [json.dumps(value) if isinstance(value, dict) else str("" if value is None else value) for value in values]
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]


def _row(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def between(query: Select[AuditEntry], since: datetime | None, until: datetime | None) -> Select[AuditEntry]:
    """`query` with only the entries of that time."""
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    return query


LISTING = Listing(
    id=AuditEntry.id.expression,
    sorts={"at": AuditEntry.at.expression},
    filters={
        "actor": AuditEntry.actor.expression,
        "action": AuditEntry.action.expression,
        "kind": AuditEntry.kind.expression,
        "object_id": AuditEntry.object_id.expression,
        "run_id": AuditEntry.run_id.expression,
    },
)
