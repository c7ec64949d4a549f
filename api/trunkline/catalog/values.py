"""Values of blocks as JSON: nested mappings and lists of them, and dotted paths into them.

A path names one value ("points.0.port"); a pattern has `*` for every item of a list ("points.*.port").
"""

import re
from collections.abc import Callable, Collection
from typing import cast

type Values = dict[str, object]

_NUMBER = re.compile(r"(?<=\.)\d+(?=\.|$)")


def pattern_of(path: str) -> str:
    """The pattern that a path belongs to: "points.0.port" -> "points.*.port"."""
    return _NUMBER.sub("*", path)


def flatten(values: Values, prefix: str = "") -> Values:
    """Nested mappings, and mappings in lists, as dotted paths: {"a": {"node": 1}} -> {"a.node": 1}."""
    flat: Values = {}
    for key, value in values.items():
        items = items_of(value)
        if isinstance(value, dict):
            flat |= flatten(cast("Values", value), f"{prefix}{key}.")
        elif items:
            for number, item in enumerate(items):
                flat |= flatten(item, f"{prefix}{key}.{number}.")
        else:
            flat[prefix + key] = value
    return flat


def merge(base: Values, changes: Values, items: bool = False) -> Values:
    """`base` with `changes` laid over it, mapping by mapping; neither is altered.

    A list replaces the one below it, unless `items`: then its items are laid over those of the same place. Raises
    ValueError when there are not as many.
    """
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        old, new = items_of(below), items_of(value)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = merge(cast("Values", below), cast("Values", value), items)
        elif items and old and new:
            if len(old) != len(new):
                raise ValueError(f"{key}: has {len(old)} items, and {len(new)} were reported")
            merged[key] = [merge(one, other, items) for one, other in zip(old, new, strict=True)]
        else:
            merged[key] = value
    return merged


def pick(values: Values, wanted: Callable[[str], bool], prefix: str = "") -> Values:
    """Only the values whose pattern is wanted, in their mappings; a list keeps its length."""
    picked: Values = {}
    for key, value in values.items():
        path = prefix + key
        items = items_of(value)
        if isinstance(value, dict):
            below = pick(cast("Values", value), wanted, f"{path}.")
            if below:
                picked[key] = below
        elif items:
            kept = [pick(item, wanted, f"{path}.*.") for item in items]
            if any(kept):
                picked[key] = kept
        elif wanted(path):
            picked[key] = value
    return picked


def value_at(values: Values, path: str) -> object:
    """The value, mapping or list at a dotted path; None where there is none, and inside of lists."""
    found: object = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def put(values: Values, path: str, value: object) -> Values:
    """`values` with the one at `path` replaced; what stood there is not altered."""
    head, _, rest = path.partition(".")
    if not rest:
        return {**values, head: value}
    items = items_of(values[head])
    if items:
        number, _, below = rest.partition(".")
        return {
            **values,
            head: [put(item, below, value) if index == int(number) else item for index, item in enumerate(items)],
        }
    return {**values, head: put(cast("Values", values[head]), rest, value)}


def matching(values: Values, patterns: Collection[str]) -> list[str]:
    """The paths of the values that these patterns name."""
    return [path for path in flatten(values) if pattern_of(path) in patterns]


def items_of(value: object) -> list[Values]:
    """The mappings of a list of mappings; none for anything else."""
    return value if isinstance(value, list) and all(isinstance(item, dict) for item in value) else []
