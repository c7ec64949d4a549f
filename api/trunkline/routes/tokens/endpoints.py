"""Tokens: what opens the API."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select

from trunkline.access import Role
from trunkline.access.tokens import create_token, revoke_token
from trunkline.db.models import Token
from trunkline.routes.authentication import Authenticated, needs
from trunkline.routes.paging import Listing, Page, Partial
from trunkline.routes.session import Session
from trunkline.routes.tokens.schemas import TokenCreated, TokenFilter, TokenIn, TokenOut

router = APIRouter(prefix="/tokens", tags=["tokens"])


@router.get("", summary="List tokens", response_model=Page[TokenOut] | Page[Partial], dependencies=[needs(Role.ADMIN)])
async def list_tokens(session: Session, params: Annotated[TokenFilter, Query()]) -> Response:
    """All tokens, also revoked ones, without their secrets."""
    return await LISTING.answer(session, select(Token), params, TokenOut)


@router.post("", status_code=201, summary="Create a token", dependencies=[needs(Role.ADMIN)])
async def post_token(session: Session, caller: Authenticated, body: TokenIn) -> TokenCreated:
    """The answer is the only place where the token is ever shown."""
    new = await create_token(session, body.name, body.scopes, expires_at=body.expires_at, by=caller.name)
    return TokenCreated(
        id=new.id,
        name=new.name,
        prefix=new.prefix,
        scopes=[str(scope) for scope in new.scopes],
        expires_at=new.expires_at,
        token=new.token,
    )


@router.delete("/{token_id}", status_code=204, summary="Revoke a token", dependencies=[needs(Role.ADMIN)])
async def delete_token(session: Session, request: Request, token_id: uuid.UUID) -> None:
    """From now on it opens nothing."""
    await revoke_token(session, token_id)
    await session.commit()
    request.app.state.callers.forget()


LISTING = Listing(
    id=Token.id.expression,
    sorts={"created_at": Token.created_at.expression, "name": Token.name.expression},
    filters={"name": Token.name.expression, "prefix": Token.prefix.expression},
)
