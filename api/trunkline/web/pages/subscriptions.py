"""Subscriptions: searched, filtered, exported."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable
from typing import Literal

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.access import Caller, Role
from trunkline.access.caller import sees_customers
from trunkline.catalog import PRODUCTS
from trunkline.catalog.values import flatten
from trunkline.db.models import Customer, Lifecycle
from trunkline.routes.authentication import Where, needs
from trunkline.routes.session import Reader
from trunkline.routes.subscriptions.endpoints import LISTING, wanted
from trunkline.routes.subscriptions.schemas import SubscriptionFilter, SubscriptionOut, of_columns
from trunkline.web.page import Visitor, asked, page_router, params, show, twin

router = page_router()

COLUMNS = ("product", "customer", "updated_at", "created_at", "start_date", "note", "id")
_SHOWN_FIRST = ("product", "customer", "updated_at")
_A_PAGE = 200


@router.get("/subscriptions", dependencies=[twin("/api/v1/subscriptions"), needs(Role.VIEWER, Where.ANYWHERE)])
async def subscriptions(request: Request, session: Reader, caller: Visitor) -> Response:
    """One page of the list. htmx asks for the same address and takes the table out of the answer."""
    filters = params(request, SubscriptionFilter)
    rows, cursor = await LISTING.page(session, await wanted(session, caller, filters), filters)
    chosen = request.query_params.getlist("columns")
    return show(
        request,
        "subscriptions.html",
        caller=caller,
        items=[of_columns(row) for row in rows],
        next=cursor,
        filters=filters,
        query=asked(request) | ({"columns": ",".join(chosen)} if chosen else {}),
        columns=_columns(chosen),
        all_columns=COLUMNS,
        statuses=list(Lifecycle),
        products=[product for product in PRODUCTS.values() if product.status != "hidden"],
        customers=(
            await session.scalars(
                select(Customer.shortcode).where(sees_customers(caller)).order_by(Customer.shortcode).limit(500)
            )
        ).all(),
        narrowed=bool(asked(request).keys() - {"sort", "limit", "cursor"}),
    )


@router.get("/subscriptions/export.{kind}", dependencies=[needs(Role.VIEWER, Where.ANYWHERE)])
async def export(request: Request, session: Reader, caller: Visitor, kind: Literal["csv", "json"]) -> Response:
    """All that the filters leave, as a file."""
    filters = params(request, SubscriptionFilter).model_copy(update={"limit": _A_PAGE, "cursor": None})
    # The first page is read here: a filter that is refused is refused with a page, not with half a file.
    await LISTING.page(session, await wanted(session, caller, filters), filters.model_copy(update={"limit": 1}))
    reader = request.app.state.reader

    async def written() -> AsyncIterator[str]:
        async with reader.connect() as connection:
            first = True
            async for items in _all(connection, caller, filters):
                yield _csv(items, header=first) if kind == "csv" else _json(items, first=first)
                first = False
            if kind == "json":
                yield "[]\n" if first else "\n]\n"

    headers = {"Content-Disposition": f'attachment; filename="subscriptions.{kind}"', "Cache-Control": "no-store"}
    media_type = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
    return StreamingResponse(written(), media_type=media_type, headers=headers)


async def _all(
    session: AsyncConnection, caller: Caller, filters: SubscriptionFilter
) -> AsyncIterator[list[SubscriptionOut]]:
    while True:
        rows, cursor = await LISTING.page(session, await wanted(session, caller, filters), filters)
        if rows:
            yield [of_columns(row) for row in rows]
        if cursor is None:
            return
        filters = filters.model_copy(update={"cursor": cursor})


def _columns(chosen: Iterable[str]) -> list[str]:
    names = {name for part in chosen for name in part.split(",")}
    return [name for name in COLUMNS if name in (names or _SHOWN_FIRST)]


_EXPORTED = ("id", "description", "product", "customer", "status", "insync", "note", "start_date", "end_date",
             "created_at", "updated_at")  # fmt: skip


def _csv(items: list[SubscriptionOut], *, header: bool) -> str:
    text = io.StringIO()
    out = csv.writer(text)
    if header:
        out.writerow([*_EXPORTED, "block"])
    for item in items:
        values = item.model_dump(mode="json")
        block = " ".join(f"{path}={value}" for path, value in flatten(item.block).items())
        out.writerow([_cell(values[name]) for name in _EXPORTED] + [_cell(block)])
    return text.getvalue()


def _cell(value: object) -> object:
    """A spreadsheet takes text that begins like this for a formula, and executes it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _json(items: list[SubscriptionOut], *, first: bool) -> str:
    lines = [json.dumps(item.model_dump(mode="json")) for item in items]
    return ("[\n" if first else ",\n") + ",\n".join(lines)
