# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""What NetBox holds that matters for the orders of one call: read in parts, found by what it is looked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from .netbox_plan import FIELD, Pool, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .netbox_session import Session

Order = TypeVar("Order")

# More orders in one query make it long, and NetBox's answer slow.
ORDERS_A_QUERY = 100
# As many queries at a time: NetBox answers each in one of its processes.
PARTS_AT_ONCE = 4
# GraphQL's filter for what the subscriptions in $owned own.
OWNED = f'{{custom_field_data: {{path: "{FIELD}", lookup: {{string_lookup: {{regex: $owned}}}}}}}}'


@dataclass(frozen=True)
class Snapshot:
    """The rows of a query by table, and the pools by (role, family)."""

    rows: dict[str, list[Record]]
    pools: dict[tuple[str, int], tuple[Pool, ...]] = field(default_factory=dict)
    _indexes: dict[tuple[str, str], dict[str, list[Record]]] = field(default_factory=dict, repr=False, compare=False)

    def where(self, table: str, column: str, value: str) -> list[Record]:
        """The table's rows that have this value in this column, or in this custom field of ours."""
        if (table, column) not in self._indexes:
            index: dict[str, list[Record]] = {}
            for row in self.rows[table]:
                key = row["custom_fields"].get(column) if column.startswith("trunkline_") else row[column]
                index.setdefault(key, []).append(row)
            self._indexes[table, column] = index
        return self._indexes[table, column].get(value, [])

    def owned(self, table: str, subscription: str) -> list[Record]:
        """The table's rows that belong to the subscription."""
        return list(self.where(table, FIELD, subscription))

    def own(self, table: str, subscription: str) -> Record | None:
        """The first of them, if there is any."""
        return next(iter(self.where(table, FIELD, subscription)), None)


def owners(subscriptions: Iterable[str]) -> str:
    """What `$owned` has to be for what these subscriptions own, and hardly anything else.

    PostgreSQL prepares a regular expression for each row anew, which takes the longer the longer it is: the first group
    of a UUID (RFC 9562) is enough. Rows are told apart by the whole of it, in `Snapshot`.
    """
    return f"^({'|'.join(subscription.partition('-')[0] for subscription in subscriptions)})-"


def parts(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    """The orders, as many at a time as one query asks for."""
    for start in range(0, len(orders), ORDERS_A_QUERY):
        yield orders[start : start + ORDERS_A_QUERY]


def read_rows(session: Session, query: str, variables: Iterator[Mapping[str, object]]) -> dict[str, list[Record]]:
    """The rows of the query for each set of variables, together: by table, each row once."""
    every = list(variables)
    if len(every) > 1:
        session.learn_page()
    tables: dict[str, dict[str, Record]] = {}
    with ThreadPoolExecutor(PARTS_AT_ONCE) as threads:
        for answer in threads.map(lambda asked: session.graphql(query, asked), every):
            for table, rows in answer.items():
                tables.setdefault(table, {}).update((row.get("id") or row["slug"], row) for row in rows)
    return {table: list(rows.values()) for table, rows in tables.items()}
