"""One way to page, filter and sort for every list.

`?limit=50&sort=-created_at&cursor=...`; a filter takes one value or several with commas between them.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, bindparam, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.errors import FieldError, invalid


class ListParams(BaseModel):
    """What every list takes. Each list adds its filters as fields of a subclass."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=200, description="Items a page")
    cursor: str | None = Field(None, description="`next` of the page before")
    sort: str = Field("-created_at", description="Field to sort by; `-` before it: descending")


class Page[T](BaseModel):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(description="Give it as `cursor` for the next page; null: this is the last")


@dataclass(frozen=True)
class Listing:
    """What a list can be filtered and sorted by: name -> column. `id` is unique and breaks ties."""

    id: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, ColumnElement[Any]]

    async def page[R](
        self, session: AsyncSession, query: Select[R], params: ListParams
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
            found = tuple_(bindparam(None, value, type_=column.type), bindparam(None, after, type_=self.id.type))
            query = query.where(position < found if descending else position > found)
        order = (column.desc(), self.id.desc()) if descending else (column.asc(), self.id.asc())
        rows = (await session.scalars(query.order_by(*order).limit(params.limit + 1))).unique().all()
        if len(rows) <= params.limit:
            return rows, None
        rows = rows[: params.limit]
        last = query.with_only_columns(column, self.id).order_by(*order).offset(params.limit - 1).limit(1)
        value, row_id = (await session.execute(last)).one()
        return rows, _write_cursor(params.sort, value, row_id)

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
