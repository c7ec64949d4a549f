"""Tokens: what opens the API."""

import re
import uuid
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from starlette.datastructures import FormData

from trunkline.access import Caller, Role
from trunkline.db.models import Token
from trunkline.errors import FieldError, Problem, field_errors, invalid
from trunkline.routes.authentication import needs
from trunkline.routes.session import Session
from trunkline.routes.tokens.endpoints import LISTING, delete_token, post_token
from trunkline.routes.tokens.schemas import TokenCreated, TokenFilter, TokenIn, TokenOut
from trunkline.web.page import Posted, Visitor, asked, page_router, params, see_other, show, twin

router = page_router()


@router.get("/tokens", dependencies=[twin("/api/v1/tokens"), needs(Role.ADMIN)])
async def tokens(request: Request, session: Session, caller: Visitor) -> Response:
    """The list, and a form for a new one."""
    return await _page(request, session, caller)


@router.post("/tokens", dependencies=[needs(Role.ADMIN)])
async def create(request: Request, session: Session, caller: Visitor, form: Posted) -> Response:
    """A new token, shown this once."""
    try:
        made = await post_token(session, caller, _given(form))
    except Problem as problem:
        return await _page(request, session, caller, problem=problem)
    answer = await _page(request, session, caller, made=made)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _given(form: FormData) -> TokenIn:
    days = str(form.get("days", "")).strip()
    if not re.fullmatch(r"[0-9]{0,4}", days):
        raise invalid([FieldError(field="days", message="must be a number of days, or empty")])
    ends = datetime.now(UTC) + timedelta(days=int(days)) if days else None
    try:
        scopes = str(form.get("scopes", "")).split() or [Role.VIEWER.value]
        return TokenIn(name=str(form.get("name", "")).strip(), scopes=scopes, expires_at=ends)
    except ValidationError as error:
        raise invalid(field_errors(error.errors())) from None


@router.post("/tokens/{token_id:uuid}/revoke", dependencies=[needs(Role.ADMIN)])
async def revoke(
    request: Request,
    session: Session,
    caller: Visitor,
    form: Posted,
    token_id: uuid.UUID,
) -> Response:
    """From now on it opens nothing."""
    await delete_token(session, request, token_id)
    return see_other(request, "/tokens")


async def _page(
    request: Request,
    session: Session,
    caller: Caller,
    made: TokenCreated | None = None,
    problem: Problem | None = None,
) -> Response:
    filters = params(request, TokenFilter)
    rows, cursor = await LISTING.page(session, select(Token), filters)
    return show(
        request,
        "tokens.html",
        status=problem.status if problem else 200,
        caller=caller,
        items=[TokenOut.model_validate(row) for row in rows],
        next=cursor,
        query=asked(request),
        made=made,
        problem=problem,
    )
