"""Changes of stored values: pure functions from one JSON value to another."""

from collections.abc import Callable
from typing import cast

from trunkline.catalog.values import Values

type Path = tuple[str, ...]


def at(values: Values, place: Path, change: Callable[[Values, str], Values], where: str = "") -> Values:
    """`values` with `change` applied to every mapping at `place`; it gets the mapping and its path ("points.0.").

    Where nothing stands at `place` (an optional block, an empty list) nothing changes; `values` itself never does.
    """
    if not place:
        return change(values, where)
    key, *rest = place
    below = values.get(key)
    if rest and rest[0] == "*":
        items = cast("list[Values]", below) if isinstance(below, list) else []
        changed = [at(item, tuple(rest[1:]), change, f"{where}{key}.{number}.") for number, item in enumerate(items)]
        return {**values, key: changed} if items else values
    if not isinstance(below, dict):
        return values
    return {**values, key: at(cast("Values", below), tuple(rest), change, f"{where}{key}.")}


def renamed(values: Values, old: str, new: str) -> Values:
    """`values` with the key `old` called `new`, in its place."""
    return {new if key == old else key: value for key, value in values.items()}


def without(values: Values, key: str) -> Values:
    """`values` without `key`."""
    return {name: value for name, value in values.items() if name != key}


def pattern(place: Path, field: str) -> str:
    """A regular expression for the paths of `field` at `place` and of all below it; its groups: before and after."""
    before = "".join(r"\d+\." if key == "*" else rf"{key}\." for key in place)
    return rf"^({before}){field}(\..*)?$"
