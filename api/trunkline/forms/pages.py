"""Pages of a form, derived from a product's block: nothing is written twice."""

from collections.abc import Callable, Mapping
from copy import copy
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo
from pydantic_forms.core import FormPage
from pydantic_forms.validators import Choice

from trunkline.forms.netbox import Options

type Leaf = Callable[[str, FieldInfo], object | None]
"""Path and field -> the type that the page gives it; None: it is not on this page."""


def page(title: str, model: type[BaseModel], leaf: Leaf, present: Mapping[str, object] | None = None) -> type[FormPage]:
    """A page with those fields of `model` that `leaf` gives a type, nested as they are there.

    `present`: dotted path -> value that stands in the field to begin with.
    """
    fields = _fields(model, leaf, present or {}, "")
    base = type(title, (FormPage,), {"model_config": ConfigDict(title=title), "__module__": __name__})
    return cast("type[FormPage]", create_model(title, __base__=base, **fields))


def has_fields(form: type[FormPage]) -> bool:
    """Whether there is anything to fill in."""
    return bool(form.model_fields)


def choice(name: str, options: Options) -> type[Enum]:
    """A type whose values are the options, shown by their labels."""
    members = {value: (value, label) for value, label in options.items()}
    return Choice.__call__(name, members)


def _fields(model: type[BaseModel], leaf: Leaf, present: Mapping[str, object], prefix: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        path = prefix + name
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            nested = _fields(below, leaf, present, f"{path}.")
            if nested:
                title = path.replace(".", " ").title()
                shape = create_model(
                    title.replace(" ", ""), __config__=ConfigDict(extra="forbid", title=title), **nested
                )
                fields[name] = (shape, ...)
            continue
        type_ = leaf(path, field)
        if type_ is None:
            continue
        shown = copy(field)
        if path in present:
            shown.default = present[path]
        fields[name] = (type_, shown)
    return fields
