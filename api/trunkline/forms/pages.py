"""Pages of a form, derived from a product's block: nothing is written twice."""

from collections.abc import Iterator, Mapping
from copy import copy
from enum import Enum
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo
from pydantic_forms.core import FormPage
from pydantic_forms.validators import Choice

from trunkline.catalog.types import Uses
from trunkline.catalog.values import Values, items_of
from trunkline.forms.netbox import Options

type Rows = Mapping[str, int]
"""List -> how many rows it has on this page; any other list is as long as the person likes."""


def page(
    title: str, model: type[BaseModel], types: Mapping[str, object], present: Values, rows: Rows
) -> type[FormPage]:
    """A page with those fields of `model` that have a type in `types`, nested as they are there.

    Paths are those of `leaves`. `present`: path of a field or of a list -> what stands there to begin with.
    """
    fields = _fields(model, types, present, rows, "")
    base = type(title, (FormPage,), {"model_config": ConfigDict(title=title), "__module__": __name__})
    return cast("type[FormPage]", create_model(title, __base__=base, **fields))


def leaves(model: type[BaseModel], rows: Rows, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Path and field of every value: "a.node"; "saps.*.port" of a list, "saps.0.port" of one with so many rows."""
    for name, field in model.model_fields.items():
        path = prefix + name
        below, many = _held(field)
        if below is None:
            yield path, field
            continue
        for row in _rows(path, rows) if many else [path]:
            yield from leaves(below, rows, f"{row}.")


def with_examples(model: type[BaseModel], values: Values) -> Values:
    """`values` with an example in each required field that they lack, in every row of a list that they have."""
    whole = dict(values)
    for name, field in model.model_fields.items():
        below, many = _held(field)
        if below is None:
            if name not in whole and field.is_required() and field.examples:
                whole[name] = field.examples[0]
        elif not many:
            if name in whole or field.is_required():
                whole[name] = with_examples(below, cast("Values", whole.get(name, {})))
        elif items := items_of(whole.get(name)):
            whole[name] = [with_examples(below, item) for item in items]
    return whole


def has_fields(form: type[FormPage]) -> bool:
    """Whether there is anything to fill in."""
    return bool(form.model_fields)


def choice(path: str, options: Options) -> type[Enum]:
    """A type whose values are the options, shown by their labels."""
    members = {value: (value, label) for value, label in options.items()}
    return Choice.__call__(path.replace(".*", "").replace(".", "_"), members)


def _held(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The model of the field's own fields, if it has some, and whether it holds a list of them."""
    many = get_origin(field.annotation) is list
    inner = get_args(field.annotation)[0] if many else field.annotation
    return (inner, many) if isinstance(inner, type) and issubclass(inner, BaseModel) else (None, False)


def _rows(path: str, rows: Rows) -> list[str]:
    return [f"{path}.{number}" for number in range(rows[path])] if path in rows else [f"{path}.*"]


def _fields(
    model: type[BaseModel], types: Mapping[str, object], present: Values, rows: Rows, prefix: str
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        path = prefix + name
        shown = copy(field)
        if path in present:
            shown.default = present[path]
        below, many = _held(field)
        if below is None:
            if (type_ := types.get(path)) is not None:
                if (
                    isinstance(type_, type)
                    and issubclass(type_, Enum)
                    and any(isinstance(mark, Uses) for mark in field.metadata)
                ):
                    # It says what to write; here one chooses.
                    shown.description = None
                fields[name] = (type_, shown)
            continue
        shapes = [
            _shape(row, nested, below.model_config.get("title") if many else None)
            for row in (_rows(path, rows) if many else [path])
            if (nested := _fields(below, types, present, rows, f"{row}."))
        ]
        if not shapes:
            continue
        if not many:
            fields[name] = (shapes[0], ...)
        elif path in rows:
            fields[name] = (tuple[*shapes], ...)  # type: ignore[valid-type]  # a type at run time
        else:
            fields[name] = (list[shapes[0]], shown)  # type: ignore[valid-type]  # a type at run time
    return fields


def _shape(path: str, fields: dict[str, Any], title: str | None) -> type[BaseModel]:
    words = path.replace(".*", "").replace(".", " ").title()
    config = ConfigDict(extra="forbid", title=title or words)
    return create_model(words.replace(" ", ""), __config__=config, **fields)
