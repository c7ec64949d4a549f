"""Lists: filters as Django's look-ups, order, and pages of count, next, previous and results."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from tests.awx.standin.errors import AnswerError
from tests.awx.standin.kinds import KINDS
from tests.awx.standin.store import Record, Store

_MAX_PAGE = 200
_OPERATORS = {
    "exact": lambda have, want: str(have) == want,
    "iexact": lambda have, want: str(have).lower() == want.lower(),
    "contains": lambda have, want: want in str(have),
    "icontains": lambda have, want: want.lower() in str(have).lower(),
    "startswith": lambda have, want: str(have).startswith(want),
    "in": lambda have, want: str(have) in want.split(","),
    "gt": lambda have, want: float(have) > float(want),
    "gte": lambda have, want: float(have) >= float(want),
    "lt": lambda have, want: float(have) < float(want),
    "lte": lambda have, want: float(have) <= float(want),
    "isnull": lambda have, want: (have is None) == (want.lower() in ("true", "1")),
}
_NO_FILTERS = {"page", "page_size", "order_by", "no_truncate", "format"}


def page_of(store: Store, kind: str, records: Iterable[Record], path: str, query: Mapping[str, str]) -> Record:
    """The page that the query asks for; its `results` are the records themselves."""
    found = [record for record in records if all(_fits(store, kind, record, *item) for item in query.items())]
    for name in reversed(query.get("order_by", "id").split(",")):
        found.sort(key=lambda record: record[name.lstrip("-")], reverse=name.startswith("-"))
    size = min(int(query.get("page_size", 25)), _MAX_PAGE)
    number = int(query.get("page", 1))
    first = (number - 1) * size
    if number < 1 or (first >= len(found) and number > 1):
        raise AnswerError(404, {"detail": "Invalid page."})

    def link(to: int) -> str:
        return f"{path}?{urlencode({**query, 'page': to})}"

    return {
        "count": len(found),
        "next": link(number + 1) if first + size < len(found) else None,
        "previous": link(number - 1) if number > 1 else None,
        "results": found[first : first + size],
    }


def _fits(store: Store, kind: str, record: Record, lookup: str, want: str) -> bool:
    if lookup in _NO_FILTERS:
        return True
    parts = lookup.split("__")
    operator = parts.pop() if len(parts) > 1 and parts[-1] in _OPERATORS else "exact"
    for have in _values(store, kind, record, parts):
        if isinstance(have, bool):
            if str(have).lower() == want.lower():
                return True
        elif _OPERATORS[operator](have, want):  # type: ignore[no-untyped-call]
            return True
    return False


def _values(store: Store, kind: str, record: Record, parts: list[str]) -> list[Any]:
    name, rest = parts[0], parts[1:]
    described = KINDS.get(kind)
    # Jobs have the labels and credentials of their launch.
    related = {"labels": "labels", "credentials": "credentials"} if kind == "jobs" else {}
    related |= described.associations if described else {}
    if name in related:
        members = [store.table(related[name])[number] for number in record.get(name, [])]
        return [value for member in members for value in _values(store, related[name], member, rest or ["id"])]
    if name not in record:
        model = described.model if described else "JobEvent"
        raise AnswerError(400, {"detail": f"{model} has no field named '{name}'"})
    if rest and described and name in described.references and record[name] is not None:
        target = described.references[name]
        return _values(store, target, store.table(target)[record[name]], rest)
    return [record[name]]
