"""A page's JSON Schema as fields to draw, and what a browser sends as the page's values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from starlette.datastructures import FormData

from trunkline.catalog.values import Values, flatten

type Schema = Mapping[str, Any]
type Kind = Literal["text", "number", "checkbox", "select", "long"]

PREFIX = "f."


@dataclass(frozen=True)
class Input:
    """One field. `value` is what stands in it."""

    path: str
    label: str
    kind: Kind
    value: str
    required: bool
    help: str = ""
    placeholder: str = ""
    error: str = ""
    options: tuple[tuple[str, str], ...] = ()
    limits: tuple[int | None, int | None] = (None, None)

    @property
    def name(self) -> str:
        """The name that the browser sends it under."""
        return PREFIX + self.path


@dataclass(frozen=True)
class Group:
    """Fields that belong together: those of an inner block. The outermost has no label."""

    label: str
    inputs: list[Input] = field(default_factory=list)


def groups_of(schema: Schema, values: Values, errors: Mapping[str, str]) -> list[Group]:
    """The page's fields, filled with `values` (else with their defaults), each with its error."""
    flat = {path: str(value) for path, value in flatten(values).items()}
    found = list(_walk(schema, schema.get("$defs", {}), "", "", flat, errors))
    return [group for group in found if group.inputs]


def read(form: FormData) -> Values:
    """What was filled in, nested as the schema has it. A box that is not ticked has a hidden `false` before it."""
    values: Values = {}
    for name, value in form.multi_items():
        if name.startswith(PREFIX) and isinstance(value, str):
            *parents, last = name.removeprefix(PREFIX).split(".")
            below = values
            for parent in parents:
                below = cast("Values", below.setdefault(parent, {}))
            below[last] = value.replace("\r\n", "\n").strip()
    return values


def _walk(
    schema: Schema,
    definitions: Schema,
    prefix: str,
    label: str,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> Iterable[Group]:
    group = Group(label)
    yield group
    for name, raw in schema.get("properties", {}).items():
        inner = _resolved(raw, definitions)
        path = prefix + name
        if inner.get("type") == "object":
            yield from _walk(inner, definitions, f"{path}.", _label(path), values, errors)
        else:
            required = name in schema.get("required", ())
            group.inputs.append(_input(path, _label(name), inner, required, values.get(path), errors.get(path, "")))


def _input(path: str, label: str, schema: Schema, required: bool, value: str | None, error: str) -> Input:
    kind = _kind(schema)
    if value is None:
        default = schema.get("default", "")
        value = str(default).lower() if isinstance(default, bool) else str(default)
    if error and not value:
        error = "Choose one." if kind == "select" else "Fill this in."
    examples = schema.get("examples") or [""]
    return Input(
        path=path,
        label=label,
        kind=kind,
        value=value.lower() if kind == "checkbox" else value,
        required=required and kind != "checkbox",
        help=str(schema.get("description", "")),
        placeholder=f"such as {examples[0]}" if examples[0] != "" else "",
        error=error,
        options=_options(schema),
        limits=(schema.get("minimum"), schema.get("maximum")),
    )


def _kind(schema: Schema) -> Kind:
    if "enum" in schema:
        return "select"
    if schema.get("format") == "long":
        return "long"
    types: Mapping[str, Kind] = {"boolean": "checkbox", "integer": "number"}
    return types.get(str(schema.get("type")), "text")


def _options(schema: Schema) -> tuple[tuple[str, str], ...]:
    labels = schema.get("options", {})
    return tuple((str(value), str(labels.get(value, value))) for value in schema.get("enum", ()))


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema with what it refers to; what stands beside the reference counts more."""
    for reference in (schema, *schema.get("allOf", ())):
        if "$ref" in reference:
            return {**definitions[str(reference["$ref"]).rpartition("/")[2]], **schema}
    # Of several types the first that is not null: a browser sends text in any case.
    members = [member for member in schema.get("anyOf", ()) if member.get("type") != "null"]
    return {**_resolved(members[0], definitions), **schema} if members else schema


def _label(path: str) -> str:
    text = path.replace("_", " ").replace(".", " ")
    return text[:1].upper() + text[1:]
