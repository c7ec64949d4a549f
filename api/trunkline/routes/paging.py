"""One way to page, filter and sort for every list.

`?limit=50&sort=-created_at&cursor=...&fields=id,status`; a filter takes one value or several with commas between them.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import ColumnElement, Select, bindparam, or_, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from trunkline.errors import FieldError, invalid

_ID_BEGINS = re.compile(r"[0-9a-f]{4,32}\Z")


class ListParams(BaseModel):
    """What every list takes. Each list adds its filters as fields of a subclass."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="Items a page")
    cursor: str | None = Field(None, description="`next` of the page before")
    sort: str = Field("-created_at", description="Field to sort by; `-` before it: descending")
    fields: str | None = Field(None, description="Only these fields of each item", examples=["id,status"])


def fields_of(model: type[BaseModel], wanted: str | None) -> set[str] | None:
    """The fields of `model` that `?fields=` names; None for all. Raises Invalid."""
    if wanted is None:
        return None
    names = {part.strip() for part in wanted.split(",")}
    if unknown := sorted(names - set(model.model_fields)):
        known = ", ".join(model.model_fields)
        raise invalid([FieldError(field="fields", message=f"{unknown[0]!r} is no field; there are {known}")])
    return names


class Page[T](BaseModel):
    """One page of a list; with `fields` its items have only those."""

    items: list[T]
    next: str | None = Field(description="Give it as `cursor` for the next page; null: this is the last")


type Partial = dict[str, Any]
"""An item of which `?fields=` has chosen some."""


@dataclass(frozen=True)
class Listing:
    """What a list can be filtered and sorted by: name -> column. `id` is unique and breaks ties."""

    id: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, ColumnElement[Any]]

    async def page[R](
        self, session: AsyncSession | AsyncConnection, query: Select[R], params: ListParams
    ) -> tuple[Sequence[R], str | None]:
        """The rows of the page asked for, and the cursor of the next. Raises Invalid."""
        name, descending = params.sort.removeprefix("-"), params.sort.startswith("-")
        column = self.sorts.get(name)
        if column is None:
            raise invalid(
                [FieldError(field="sort", message=f"must be one of {', '.join(self.sorts)}, with - for descending")]
            )
        for field, filtered in self.filters.items():
            wanted = getattr(params, field)
            if wanted is not None:
                query = query.where(filtered.in_(_values(field, filtered, wanted)))
        if params.cursor is not None:
            value, after = self._read_cursor(params.cursor, params.sort, column)
            position = tuple_(column, self.id)
            after_it = tuple_(bindparam(None, value, type_=column.type), bindparam(None, after, type_=self.id.type))
            query = query.where(position < after_it if descending else position > after_it)
        order = (column.desc(), self.id.desc()) if descending else (column.asc(), self.id.asc())
        found = await session.execute(query.order_by(*order).limit(params.limit + 1))
        # Of a query for objects the objects, of one for columns the rows.
        rows: Sequence[Any] = found.unique().scalars().all() if _is_entity(query) else found.all()
        if len(rows) <= params.limit:
            return rows, None
        last = rows[params.limit - 1]
        value = getattr(last, str(column.key)) if hasattr(last, str(column.key)) else getattr(last, name)
        row_id = last.id if hasattr(last, "id") else getattr(last, str(self.id.key))
        return rows[: params.limit], _write_cursor(params.sort, value, row_id)

    async def answer[R, T: BaseModel](
        self,
        session: AsyncSession | AsyncConnection,
        query: Select[R],
        params: ListParams,
        model: type[T],
        show: Callable[[R], T] | None = None,
    ) -> Response:
        """The page as JSON: each row shown as a `model`, with only the fields asked for. Raises Invalid."""
        include = fields_of(model, params.fields)
        rows, cursor = await self.page(session, query, params)
        shown = [show(row) if show else model.model_validate(row, from_attributes=True) for row in rows]
        # Not through FastAPI: it would check once more, item by item, what was just made.
        items = _adapter(model).dump_json(shown, include={"__all__": include} if include else None)
        end = f',"next":{json.dumps(cursor)}}}'
        return Response(b'{"items":' + items + end.encode(), media_type="application/json")

    def _read_cursor(self, cursor: str, sort: str, column: ColumnElement[Any]) -> tuple[object, object]:
        wrong = invalid(
            [FieldError(field="cursor", message="is not a cursor of this list in this order: leave it out")]
        )
        try:
            found, text, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if found != sort:
                raise wrong
            python_type = column.type.python_type
            value = datetime.fromisoformat(text) if python_type is datetime else python_type(text)
            return value, self.id.type.python_type(row_id)
        except (ValueError, TypeError, binascii.Error):
            raise wrong from None


def beginning(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """Ids (several with commas between them) given whole or by how they begin. Raises Invalid."""
    ranges = []
    for part in wanted.split(","):
        digits = part.strip().lower().replace("-", "")
        if not _ID_BEGINS.match(digits):
            message = f"{part.strip()!r} is not how an id begins: give 4 to 32 hexadecimal digits"
            raise invalid([FieldError(field="id", message=message)])
        ranges.append(column.between(uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))))
    return or_(*ranges)


@lru_cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]  # a type at run time


def _is_entity(query: Select[Any]) -> bool:
    return len(query.column_descriptions) == 1


def _values(field: str, column: ColumnElement[Any], wanted: str) -> list[object]:
    python_type = column.type.python_type
    try:
        return [python_type(part.strip()) if python_type is not bool else _bool(part) for part in wanted.split(",")]
    except ValueError:
        kinds = (
            ", ".join(str(member) for member in python_type)
            if hasattr(python_type, "__members__")
            else python_type.__name__
        )
        raise invalid([FieldError(field=field, message=f"cannot be {wanted!r}; it takes {kinds}")]) from None


def _bool(text: str) -> bool:
    known = {"true": True, "false": False}
    if text.strip().lower() not in known:
        raise ValueError(text)
    return known[text.strip().lower()]


def _write_cursor(sort: str, value: object, row_id: object) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return base64.urlsafe_b64encode(json.dumps([sort, text, str(row_id)]).encode()).decode().rstrip("=")
